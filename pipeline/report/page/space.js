// Everybody in a room, seen from where the mouse turns it to. y is up, the floor is at 0, lengths are metres.
class SpaceView {
  constructor(canvas, data, tracks, curves) {
    Object.assign(this, {canvas, links: data.links, sides: data.joints.map(joint => joint.side), tracks, curves});
    this.position = 0;
    this.reset();
    let last = null;
    canvas.addEventListener('pointerdown', event => { canvas.setPointerCapture(event.pointerId); last = event; });
    canvas.addEventListener('pointermove', event => {
      if (!last || !event.buttons) return;
      this.turn += (event.clientX - last.clientX) * 0.01;
      this.tilt = Math.min(Math.max(this.tilt + (event.clientY - last.clientY) * 0.01, -0.2), 1.5);
      last = event;
      this.draw();
    });
    canvas.addEventListener('wheel', event => {
      event.preventDefault();
      this.near = Math.min(Math.max(this.near * Math.exp(-event.deltaY * 0.002), 0.2), 8);
      this.draw();
    }, {passive: false});
    canvas.addEventListener('dblclick', () => { this.reset(); this.draw(); });
  }

  reset() { Object.assign(this, {turn: 0.5, tilt: 0.25, near: 1}); }

  // x, y, z of a joint of a track, or null
  point(t, k, position) {
    const i = position - this.tracks[t].first;
    const point = [0, 1, 2].map(axis => this.curves[t][3 * k + axis][i]);
    return point.every(Number.isFinite) ? point : null;
  }

  show(chosen, position) {
    this.chosen = chosen;
    this.position = position;
    this.draw();
  }

  // where the view looks: the chosen person's hips, on the floor, else the first person's
  middle() {
    const order = [...this.tracks.keys()].sort((a, b) => (this.tracks[b] === this.chosen) - (this.tracks[a] === this.chosen));
    for (const t of order) for (let k = this.sides.length - 1; k >= 0; k--) {
      const point = this.point(t, k, this.position);
      if (point) return [point[0], 0.85, point[2]];
    }
    return this.last || [0, 0.85, 0];
  }

  draw() {
    const {ink, width, height} = blank(this.canvas);
    const centre = this.last = this.middle(), cos = Math.cos(this.turn), sin = Math.sin(this.turn);
    const up = Math.cos(this.tilt), down = Math.sin(this.tilt), scale = this.near * height * 1.5;
    // an eye 4 m away: to the right, up, and towards it
    const eye = ([x, y, z]) => {
      const [a, b, c] = [x - centre[0], y - centre[1], z - centre[2]];
      const side = cos * a - sin * c, ahead = sin * a + cos * c;
      return [side, up * b - down * ahead, down * b + up * ahead];
    };
    const at = ([a, b, c]) => {
      const shrink = scale / Math.max(4 - c, 0.5);
      return [width / 2 + a * shrink, height / 2 - b * shrink, shrink];
    };
    this.floor(ink, centre, point => at(eye(point)));
    const limbs = [];
    this.tracks.forEach((track, t) => {
      const points = this.sides.map((_, k) => this.point(t, k, this.position)).map(point => point && eye(point));
      for (const [a, b] of this.links) if (points[a] && points[b])
        limbs.push({ends: [points[a], points[b]], depth: points[a][2] + points[b][2], track,
          light: this.sides[a] === 'left' || this.sides[b] === 'left'});
    });
    limbs.sort((one, other) => one.depth - other.depth);
    ink.lineCap = 'round';
    for (const {ends, track, light} of limbs) {
      const [a, b] = ends.map(at);
      ink.globalAlpha = !this.chosen || track === this.chosen ? 1 : 0.45;
      ink.strokeStyle = light ? track.tint : track.colour;
      ink.lineWidth = Math.max(0.035 * (a[2] + b[2]) / 2, 2);
      ink.beginPath();
      ink.moveTo(a[0], a[1]);
      ink.lineTo(b[0], b[1]);
      ink.stroke();
    }
    ink.globalAlpha = 1;
  }

  floor(ink, centre, at) {
    const [x, z] = [Math.round(centre[0]), Math.round(centre[2])];
    ink.strokeStyle = '#8884';
    ink.lineWidth = 1;
    ink.beginPath();
    for (let i = -3; i <= 3; i++) for (const line of [[[x + i, 0, z - 3], [x + i, 0, z + 3]], [[x - 3, 0, z + i], [x + 3, 0, z + i]]]) {
      const [a, b] = line.map(at);
      ink.moveTo(a[0], a[1]);
      ink.lineTo(b[0], b[1]);
    }
    ink.stroke();
  }
}
