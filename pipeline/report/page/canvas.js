// A canvas emptied, with as many pixels as its place has on the device: what draws on it, and its size, both in CSS pixels.
function blank(canvas) {
  const ratio = window.devicePixelRatio || 1, width = canvas.clientWidth, height = canvas.clientHeight;
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const ink = canvas.getContext('2d');
  ink.scale(ratio, ratio);
  return {ink, width, height};
}
