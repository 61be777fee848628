// One person's curves by name. `first` is the position of its first frame.
const OF_JOINT = ['x', 'y', 'x_before', 'y_before', 'speed', 'speed_before', 'acceleration', 'acceleration_before', 'score'];

class Track {
  constructor(data, entry, curves) {
    Object.assign(this, {id: entry.id, colour: entry.colour, tint: entry.tint, first: entry.first,
      present: entry.present, filled: entry.filled, curves, joints: data.joints.length});
    this.length = curves.length ? curves[0].length : 0;
  }

  joint(k, name) { return this.curves[k * OF_JOINT.length + OF_JOINT.indexOf(name)]; }

  angle(a, before) { return this.curves[this.joints * OF_JOINT.length + 2 * a + (before ? 1 : 0)]; }

  // x1, y1, x2, y2 at a frame's position, or null where the person is not
  box(position) {
    const i = position - this.first;
    if (i < 0 || i >= this.length) return null;
    const box = this.curves.slice(-4).map(curve => curve[i]);
    return box.every(Number.isFinite) ? box : null;
  }

  // x, y of a joint, or null
  point(k, position) {
    const i = position - this.first;
    if (i < 0 || i >= this.length) return null;
    const point = [this.joint(k, 'x')[i], this.joint(k, 'y')[i]];
    return point.every(Number.isFinite) ? point : null;
  }
}
