// People drawn on the video at the play head. A joint can be dragged, a person chosen.
// confidence from which a joint is drawn, and drawn in full; px of the screen; how much closer one may look
const SEEN = 0.3, SURE = 0.7, REACH = 14, CLOSEST = 5;

class Stage {
  constructor(canvas, page) {
    Object.assign(this, {canvas, page, moved: null, closer: 1, corner: [0, 0]});
    canvas.addEventListener('pointerdown', event => this.down(event));
    canvas.addEventListener('pointermove', event => this.move(event));
    canvas.addEventListener('pointerup', event => this.up(event));
    canvas.addEventListener('pointercancel', () => { this.drag = this.moved = null; this.draw(); });
    canvas.addEventListener('wheel', event => {
      event.preventDefault();
      this.look(Math.exp(-event.deltaY / 500), event.clientX, event.clientY);
    }, {passive: false});
  }

  get scale() { return this.canvas.getBoundingClientRect().width / this.page.result.width || 1; }

  // closer by a factor; what is at a point of the screen stays there
  look(factor, clientX, clientY) {
    const area = this.canvas.closest('figure').getBoundingClientRect(), before = this.closer, closer = before * factor;
    this.show(closer, [clientX - area.left, clientY - area.top].map((at, axis) => closer => at - (at - this.corner[axis]) * closer / before));
  }

  // the same, with the chosen person in the middle; 0 shows all
  lookAtChosen(factor) {
    const {result, player, chosen} = this.page, track = result.track(chosen), row = track ? track.rows[player.position()] : -1;
    const area = this.canvas.closest('figure').getBoundingClientRect(), scale = area.width / result.width;
    const box = row < 0 ? [0, 0, result.width, result.height] : result.box(row);
    this.show(this.closer * factor, [0, 1].map(axis => closer =>
      [area.width, area.height][axis] / 2 - (box[axis] + box[axis + 2]) / 2 * scale * closer));
  }

  // the picture so many times as large, with its upper left corner where the functions say, but never beyond the edge
  show(closer, corners) {
    const area = this.canvas.closest('figure').getBoundingClientRect(), sizes = [area.width, area.height];
    this.closer = Math.min(Math.max(closer, 1), CLOSEST);
    this.corner = corners.map((corner, axis) => Math.min(0, Math.max(sizes[axis] * (1 - this.closer), corner(this.closer))));
    this.canvas.parentElement.style.transform = `translate(${this.corner[0]}px, ${this.corner[1]}px) scale(${this.closer})`;
    this.draw();
  }

  // px of the video; (0, 0) is the middle of the first pixel
  at(event) {
    const area = this.canvas.getBoundingClientRect();
    return [(event.clientX - area.left) / this.scale - 0.5, (event.clientY - area.top) / this.scale - 0.5];
  }

  // the joint under a point: of the chosen person first, then of anybody
  near(point) {
    const {result, player, chosen} = this.page, people = result.people(player.position());
    let best = null;
    for (const mine of [true, false]) {
      for (const [track, row] of people.filter(([track]) => (track.id === chosen) === mine))
        result.joints.forEach((_, joint) => {
          const [x, y] = result.point(row, joint), away = Math.hypot(x - point[0], y - point[1]) * this.scale;
          if (away <= REACH && (!best || away < best.away)) best = {track, row, joint, away};
        });
      if (best) return best;
    }
    return null;
  }

  // of several people, the one with the smallest box
  under([x, y]) {
    const {result, player} = this.page, area = ([a, b, c, d]) => (c - a) * (d - b);
    const hits = result.people(player.position()).map(([track, row]) => ({track, box: result.box(row)}))
      .filter(({box: [a, b, c, d]}) => x >= a && x <= c && y >= b && y <= d);
    return hits.sort((p, q) => area(p.box) - area(q.box)).map(({track}) => track)[0] || null;
  }

  down(event) {
    if (event.button) return;
    if (this.page.player.playing) this.page.player.pause();
    const point = this.at(event), hit = this.near(point);
    if (!hit) { const track = this.under(point); if (track) this.page.choose(track.id); return; }
    this.page.choose(hit.track.id, hit.joint);
    this.drag = {...hit, from: point};
    this.canvas.setPointerCapture(event.pointerId);
    this.canvas.classList.add('grabbing');
  }

  move(event) {
    const point = this.at(event);
    if (!this.drag) { this.canvas.classList.toggle('grab', !!this.near(point)); return; }
    const far = Math.hypot(point[0] - this.drag.from[0], point[1] - this.drag.from[1]) * this.scale > 2;
    if (far || this.moved) { this.moved = {row: this.drag.row, joint: this.drag.joint, point}; this.draw(); }
  }

  up() {
    const {drag, moved} = this;
    this.drag = null;
    this.canvas.classList.remove('grabbing');
    if (moved) this.page.dragged(drag.track.id, drag.joint, moved.point);
  }

  // a joint on its way, until the server has answered
  hold(row, joint, point) { this.moved = {row, joint, point}; this.draw(); }

  draw() {
    const {canvas, page} = this, {result} = page, area = canvas.getBoundingClientRect(), density = window.devicePixelRatio || 1;
    const width = Math.round(area.width * density), height = Math.round(area.height * density);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, {width, height});
    const pen = canvas.getContext('2d');
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, width, height);
    const scale = this.scale * density;
    pen.setTransform(scale, 0, 0, scale, scale / 2, scale / 2);
    pen.lineCap = 'round';
    for (const [track, row] of result.people(page.player.position())) this.person(pen, track, row, 1 / this.scale);
  }

  person(pen, track, row, px) {
    const {result, chosen, joint: chosenJoint} = this.page, mine = track.id === chosen, box = result.box(row);
    const points = result.joints.map((_, k) => result.point(row, k));
    if (this.moved && this.moved.row === row) points[this.moved.joint] = [...this.moved.point, 1];
    const opacity = score => Math.min(Math.max((score - SEEN) / (SURE - SEEN), mine ? 0.25 : 0), 1);
    const colour = sides => sides.every(side => side === 'left') ? track.left : sides.every(side => side === 'right') ? track.right : track.colour;
    pen.lineWidth = Math.max(0.014 * (box[3] - box[1]), 1.5 * px);
    for (const [a, b] of result.links) {
      pen.globalAlpha = opacity(Math.min(points[a][2], points[b][2]));
      pen.strokeStyle = colour([result.joints[a].side, result.joints[b].side].filter(Boolean).length
        ? [result.joints[a].side, result.joints[b].side].filter(Boolean) : ['']);
      pen.beginPath();
      pen.moveTo(points[a][0], points[a][1]);
      pen.lineTo(points[b][0], points[b][1]);
      pen.stroke();
    }
    points.forEach(([x, y, score], k) => {
      pen.globalAlpha = opacity(score);
      pen.fillStyle = colour([result.joints[k].side]);
      pen.beginPath();
      pen.arc(x, y, Math.max(0.6 * pen.lineWidth, (mine ? 4 : 2) * px), 0, 2 * Math.PI);
      pen.fill();
      if (!mine) return;
      pen.globalAlpha = 1;
      pen.strokeStyle = k === chosenJoint ? '#fff' : 'rgba(20, 22, 27, .8)';
      const wide = pen.lineWidth;
      pen.lineWidth = (k === chosenJoint ? 2.5 : 1) * px;
      pen.stroke();
      pen.lineWidth = wide;
    });
    pen.globalAlpha = 1;
    pen.font = `600 ${13 * px}px system-ui, sans-serif`;
    const head = [box[0], Math.max(box[1] - 6 * px, 14 * px)], text = String(track.id), wide = pen.measureText(text).width;
    pen.fillStyle = mine ? '#fff' : track.colour;
    pen.fillRect(head[0], head[1] - 14 * px, wide + 10 * px, 18 * px);
    pen.fillStyle = '#14161b';
    pen.fillText(text, head[0] + 5 * px, head[1]);
  }
}
