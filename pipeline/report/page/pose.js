// The chosen person at the play head, as large as the panel allows; joints can be clicked.
class PoseView {
  constructor(svg, data, onJoint) {
    this.svg = svg;
    const make = (kind, side) => {
      const shape = document.createElementNS('http://www.w3.org/2000/svg', kind);
      if (side) shape.classList.add(side);
      svg.append(shape);
      return shape;
    };
    this.text = make('text');
    this.text.setAttribute('x', 120);
    this.text.setAttribute('y', 144);
    const side = ([a, b]) => {
      const sides = new Set([data.joints[a].side, data.joints[b].side].filter(Boolean));
      return sides.size === 1 ? [...sides][0] : '';
    };
    this.links = data.links.map(pair => ({pair, shape: make('line', side(pair))}));
    this.joints = data.joints.map((joint, k) => {
      const shape = make('circle', joint.side);
      shape.dataset.joint = joint.name;
      shape.append(Object.assign(document.createElementNS(shape.namespaceURI, 'title'), {textContent: joint.name}));
      shape.addEventListener('click', () => onJoint(k));
      return shape;
    });
  }

  show(track, position, chosen) {
    const points = this.joints.map((_, k) => track ? track.point(k, position) : null);
    const known = points.filter(Boolean);
    this.text.textContent = known.length ? '' : 'not in this frame';
    const [left, top] = [0, 1].map(axis => Math.min(...known.map(p => p[axis])));
    const [right, bottom] = [0, 1].map(axis => Math.max(...known.map(p => p[axis])));
    const scale = Math.min(200 / (right - left || 1), 240 / (bottom - top || 1));
    const at = p => [120 + (p[0] - (left + right) / 2) * scale, 140 + (p[1] - (top + bottom) / 2) * scale];
    for (const {pair, shape} of this.links) {
      const [a, b] = pair.map(k => points[k]);
      shape.style.display = a && b ? '' : 'none';
      if (!a || !b) continue;
      [['x1', at(a)[0]], ['y1', at(a)[1]], ['x2', at(b)[0]], ['y2', at(b)[1]]].forEach(([n, v]) => shape.setAttribute(n, v));
    }
    this.joints.forEach((shape, k) => {
      shape.style.display = points[k] ? '' : 'none';
      shape.classList.toggle('chosen', k === chosen);
      if (!points[k]) return;
      const [x, y] = at(points[k]);
      [['cx', x], ['cy', y], ['r', k === chosen ? 8 : 6]].forEach(([n, v]) => shape.setAttribute(n, v));
    });
  }
}
