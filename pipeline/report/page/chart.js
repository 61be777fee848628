// A line chart over time. Lines are {values, first, colour, width, label}; NaN is a gap.
// Options: range [low, high] that does not follow the values, least span, downwards (as y in pictures).
const AXIS_LEFT = 46, AXIS_BOTTOM = 16, AXIS_RIGHT = 4, AXIS_TOP = 6;

class Chart {
  constructor(parent, title, unit, page, options = {}) {
    Object.assign(this, {page, options, lines: []});
    this.root = document.createElement('div');
    this.root.className = 'chart';
    this.root.innerHTML = '<header><b></b><span></span></header><canvas></canvas><div class="head"></div>';
    this.root.querySelector('b').textContent = title + (unit ? ' (' + unit + ')' : '');
    this.note = this.root.querySelector('span');
    this.canvas = this.root.querySelector('canvas');
    this.head = this.root.querySelector('.head');
    parent.append(this.root);
    const timeAt = event => {
      const [from, to] = page.view, width = this.canvas.clientWidth - AXIS_LEFT - AXIS_RIGHT;
      const x = event.clientX - this.canvas.getBoundingClientRect().left - AXIS_LEFT;
      return from + Math.min(Math.max(x / width, 0), 1) * (to - from);
    };
    this.canvas.addEventListener('pointerdown', event => {
      this.canvas.setPointerCapture(event.pointerId);
      page.scrub(timeAt(event));
    });
    this.canvas.addEventListener('pointermove', event => { if (event.buttons) page.player.seek(timeAt(event)); });
    this.canvas.addEventListener('dblclick', () => page.zoom(0, 0));
    this.canvas.addEventListener('wheel', event => {
      event.preventDefault();
      page.zoom(timeAt(event), Math.exp(event.deltaY * 0.002));
    }, {passive: false});
  }

  set(lines) { this.lines = lines; this.draw(); }

  // the middle 98 % of what is in view: one wild frame must not flatten the rest
  limits(from, to) {
    if (this.options.range) return this.options.range;
    const seen = [];
    for (const line of this.lines) for (let i = from; i <= to; i++) {
      const value = line.values[i - line.first];
      if (Number.isFinite(value)) seen.push(value);
    }
    if (!seen.length) return [0, 1];
    seen.sort((a, b) => a - b);
    const low = seen[Math.floor(0.01 * (seen.length - 1))], high = seen[Math.ceil(0.99 * (seen.length - 1))];
    const margin = Math.max(0.08 * (high - low), ((this.options.span || 1) - (high - low)) / 2);
    return [low >= 0 && low < 3 * margin ? 0 : low - margin, high + margin];
  }

  draw() {
    const {ink, width, height} = blank(this.canvas);
    const [start, stop] = this.page.view, player = this.page.player;
    const from = Math.max(player.position(start) - 1, 0), to = Math.min(player.position(stop) + 1, player.times.length - 1);
    const [low, high] = this.limits(from, to);
    const x = time => AXIS_LEFT + (time - start) / (stop - start || 1) * (width - AXIS_LEFT - AXIS_RIGHT);
    const down = value => (this.options.downwards ? value - low : high - value) / (high - low || 1);
    const y = value => AXIS_TOP + down(value) * (height - AXIS_TOP - AXIS_BOTTOM);
    this.grid(ink, width, height, start, stop, low, high, x, y);
    ink.save();
    ink.beginPath();
    ink.rect(AXIS_LEFT, 0, width - AXIS_LEFT, height - AXIS_BOTTOM + 2);
    ink.clip();
    ink.lineJoin = 'round';
    for (const line of this.lines) {
      ink.beginPath();
      ink.strokeStyle = line.colour;
      ink.lineWidth = line.width;
      let drawing = false;
      for (let i = from; i <= to; i++) {
        const value = line.values[i - line.first];
        if (!Number.isFinite(value)) { drawing = false; continue; }
        if (drawing) ink.lineTo(x(player.times[i]), y(value)); else ink.moveTo(x(player.times[i]) - 0.5, y(value));
        if (!drawing) ink.lineTo(x(player.times[i]) + 0.5, y(value)); // a single frame is a dot
        drawing = true;
      }
      ink.stroke();
    }
    ink.restore();
    this.move();
  }

  grid(ink, width, height, start, stop, low, high, x, y) {
    ink.font = '11px system-ui, sans-serif';
    ink.fillStyle = '#98a0ae';
    ink.strokeStyle = '#2a2e37';
    ink.lineWidth = 1;
    ink.textAlign = 'right';
    ink.textBaseline = 'middle';
    for (const value of ticks(low, high, 4)) {
      line(ink, AXIS_LEFT, y(value), width - AXIS_RIGHT, y(value));
      ink.fillText(short(value), AXIS_LEFT - 6, y(value));
    }
    ink.textAlign = 'center';
    ink.textBaseline = 'bottom';
    for (const time of ticks(start, stop, Math.max(2, Math.floor(width / 90)))) {
      line(ink, x(time), AXIS_TOP, x(time), height - AXIS_BOTTOM);
      ink.fillText(short(time) + ' s', Math.min(x(time), width - 14), height);
    }
  }

  // play head and the numbers under it
  move() {
    const [start, stop] = this.page.view, time = this.page.player.time, width = this.canvas.clientWidth;
    const share = (time - start) / (stop - start || 1);
    this.head.style.display = share < 0 || share > 1 ? 'none' : '';
    this.head.style.left = 10 + AXIS_LEFT + share * (width - AXIS_LEFT - AXIS_RIGHT) + 'px';
    const position = this.page.player.position();
    this.note.textContent = this.lines.filter(({label}) => label).map(({label, values, first}) => {
      const value = values[position - first];
      return label + ' ' + short(value);
    }).join('   ');
  }
}

function line(ink, x1, y1, x2, y2) { ink.beginPath(); ink.moveTo(x1, y1); ink.lineTo(x2, y2); ink.stroke(); }

// round numbers between low and high, about `count` of them
function ticks(low, high, count) {
  const raw = (high - low) / count, power = 10 ** Math.floor(Math.log10(raw || 1));
  const step = power * [1, 2, 5, 10].find(factor => factor * power >= raw);
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high + 1e-9 * step; value += step) found.push(value);
  return found;
}

function short(value) {
  if (!Number.isFinite(value)) return '\u2013';
  const size = Math.abs(value);
  if (size >= 10000) return (value / 1000).toFixed(size >= 1e5 ? 0 : 1) + 'k';
  return String(+value.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2));
}
