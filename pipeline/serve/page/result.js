// A result as the server packs it (results.py): a header, then arrays. A row is one person in one frame.
const ARRAYS = {f8: Float64Array, f4: Float32Array, i4: Int32Array, u1: Uint8Array};

class Result {
  constructor(buffer) {
    const length = new DataView(buffer).getUint32(0, true), start = 4 + length;
    Object.assign(this, JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, length))));
    const table = {};
    for (const {name, type, shape, at} of this.arrays)
      table[name] = new ARRAYS[type](buffer, start + at, shape.reduce((a, b) => a * b, 1));
    this.table = table;
    this.times = table.times;
    const byId = new Map(this.tracks.map(track => [track.id, Object.assign(track, {rows: new Int32Array(this.times.length).fill(-1)})]));
    for (let row = 0; row < table.position.length; row++) byId.get(table.ids[row]).rows[table.position[row]] = row;
    for (const track of this.tracks) {
      track.present = runs(track.rows, row => row >= 0);
      track.filled = runs(track.rows, row => row >= 0 && table.filled[row]);
    }
  }

  track(id) { return this.tracks.find(track => track.id === id) || null; }

  // x, y and confidence (0..1) of a joint in a row
  point(row, joint) {
    const at = row * this.joints.length + joint, {keypoints, scores} = this.table;
    return [keypoints[2 * at], keypoints[2 * at + 1], scores[at] / 255];
  }

  box(row) { return this.table.boxes.subarray(4 * row, 4 * row + 4); }

  // who is in a frame, as pairs of track and row
  people(position) { return this.tracks.map(track => [track, track.rows[position]]).filter(([, row]) => row >= 0); }

  // the position of a frame by its number, or the nearest one
  positionOf(frame) {
    const {frames} = this.table;
    let low = 0, high = frames.length - 1;
    while (low < high) { const middle = (low + high) >> 1; if (frames[middle] < frame) low = middle + 1; else high = middle; }
    return low;
  }
}

// first and last position of every run in which a row passes
function runs(rows, passes) {
  const found = [];
  for (let i = 0, begin = -1; i <= rows.length; i++) {
    const inside = i < rows.length && passes(rows[i]);
    if (inside && begin < 0) begin = i;
    if (!inside && begin >= 0) { found.push([begin, i - 1]); begin = -1; }
  }
  return found;
}
