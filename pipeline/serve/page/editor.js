// A result at work: player, people, and corrections, which the server applies and keeps.
const el = id => document.getElementById(id);
const NAMES = {
  swap_ids: c => `swap ids ${c.ids[0]} and ${c.ids[1]}${part(c)}`,
  swap_sides: c => `swap left and right of ${c.id}${part(c)}`,
  merge: c => `${c.id} is ${c.into}`,
  split: c => `split ${c.id} at ${c.frame}: ${c.new} from there on`,
  delete: c => `delete ${c.id}${part(c)}`,
  athlete: c => `only ${c.id}`,
  joint: c => `${c.joint.replace(/_/g, ' ')} of ${c.id} at ${c.frame}`,
};
function part({from, to}) { return (from === undefined ? '' : ` from ${from}`) + (to === undefined ? '' : ` to ${to}`); }

class Editor {
  constructor(api, buffer) {
    Object.assign(this, {api, undone: [], waiting: Promise.resolve(), nudge: null, ended: new AbortController()});
    el('work').replaceChildren(el('workspace').content.cloneNode(true));
    this.stage = new Stage(el('stage'), this);
    this.load(buffer);
    const {result} = this, {shown} = result;
    const source = shown.kind && {name: shown.name, offset: shown.offset, src: `media/${shown.kind}/${encodeURIComponent(shown.name)}`};
    el('original-figure').style.aspectRatio = `${result.width} / ${result.height}`;
    el('original-figure').style.maxWidth = `calc(66vh * ${result.width / result.height})`;
    this.player = new Player(result.times, {original: source || null}, time => this.move(time));
    if (!source) el('original-figure').hidden = false, el('original-figure').style.display = '', el('original').hidden = true;
    this.start = result.times[0] || 0;
    this.duration = (this.player.end - this.start) || 1;
    this.controls();
    this.show();
    this.choose(this.chosen);
    this.player.seek(this.start);
    if (shown.kind === 'overlay') this.api.say('This browser may not show the source, so its overlay video is behind the poses; that one is not corrected.');
  }

  // stop listening, and let go of the video
  close() {
    this.ended.abort();
    this.player.pause();
    el('original').removeAttribute('src');
    el('original').load();
  }

  get tracks() { return this.result.tracks; }

  get frame() { return this.result.table.frames[this.player.position()]; }

  load(buffer) {
    this.result = new Result(buffer);
    this.stage.moved = null;
    const longest = this.tracks.reduce((a, b) => length(b) > length(a) ? b : a, {id: 0, present: []});
    if (!this.result.track(this.chosen)) this.chosen = longest.id;
    if (this.joint === undefined) this.joint = Math.max(0, this.result.joints.findIndex(joint => joint.name.endsWith('ankle')));
  }

  controls() {
    const {player} = this, signal = this.ended.signal;
    el('play').onclick = () => player.toggle();
    el('back').onclick = () => player.step(-1);
    el('forward').onclick = () => player.step(1);
    el('rate').onchange = event => player.setRate(+event.target.value);
    Object.assign(el('scrub'), {min: this.start, max: this.start + this.duration});
    el('scrub').oninput = event => { const time = +event.target.value; player.pause(); player.seek(time); };
    this.result.joints.forEach((joint, k) => el('joint').add(new Option(joint.name.replace(/_/g, ' '), k)));
    el('joint').onchange = event => this.choose(this.chosen, +event.target.value);
    el('from-here').onclick = () => { el('from').value = this.frame; };
    el('to-here').onclick = () => { el('to').value = this.frame; };
    const other = () => +el('other').value, {frame} = {frame: () => this.frame};
    el('swap-ids').onclick = () => this.add({do: 'swap_ids', ids: [this.chosen, other()], from: frame()});
    el('merge').onclick = () => this.add({do: 'merge', id: Math.max(this.chosen, other()), into: Math.min(this.chosen, other())});
    el('split').onclick = () => this.add({do: 'split', id: this.chosen, frame: frame(), new: this.free()});
    el('athlete').onclick = () => this.add({do: 'athlete', id: this.chosen});
    el('swap-sides').onclick = () => this.withPart({do: 'swap_sides', id: this.chosen});
    el('delete').onclick = () => this.withPart({do: 'delete', id: this.chosen});
    el('undo').onclick = () => this.undo();
    el('redo').onclick = () => this.redo();
    el('export').onclick = () => this.api.export(this.result.stem, el('formats').value.split(','));
    document.addEventListener('keydown', event => this.key(event), {signal});
    new ResizeObserver(() => this.stage.draw()).observe(el('stage'));
  }

  key(event) {
    const field = /^(SELECT|INPUT)$/.test(event.target.tagName) && event.target.type !== 'range';
    if (field || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.tagName === 'BUTTON' && event.key === ' ') return;
    const arrows = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
    const action = event.shiftKey && arrows[event.key] ? () => this.push(...arrows[event.key]) : {
      ' ': () => this.player.toggle(),
      ArrowLeft: () => this.player.step(-1),
      ArrowRight: () => this.player.step(1),
      '+': () => this.stage.lookAtChosen(1.25),
      '-': () => this.stage.lookAtChosen(0.8),
      0: () => this.stage.lookAtChosen(0),
      z: () => this.undo(),
      y: () => this.redo(),
    }[event.key];
    if (action) { event.preventDefault(); action(); }
  }

  // the chosen joint by a pixel; said when the keys have been let alone for a while
  push(dx, dy) {
    this.player.pause();
    const track = this.result.track(this.chosen), row = track ? track.rows[this.player.position()] : -1;
    if (row < 0) { this.api.say('This person is not in this frame.', true); return; }
    const held = this.stage.moved, from = held && held.row === row && held.joint === this.joint ? held.point : this.result.point(row, this.joint);
    this.stage.hold(row, this.joint, [from[0] + dx, from[1] + dy]);
    clearTimeout(this.nudge);
    this.nudge = setTimeout(() => { if (this.stage.moved) this.dragged(this.chosen, this.joint, this.stage.moved.point); }, 500);
  }

  dragged(id, joint, [x, y]) {
    clearTimeout(this.nudge);
    const px = value => Math.round(value * 100) / 100;
    this.add({do: 'joint', id, frame: this.frame, joint: this.result.joints[joint].name, x: px(x), y: px(y)});
  }

  withPart(correction) {
    for (const end of ['from', 'to']) {
      const text = el(end).value.trim();
      if (text && !/^\d+$/.test(text)) { this.api.say(`${end}: the number of a frame, or nothing`, true); return; }
      if (text) correction[end] = +text;
    }
    this.add(correction);
  }

  // an id that nobody has or had: corrections may be undone
  free() {
    return 1 + Math.max(0, ...this.tracks.map(track => track.id), ...this.result.corrections.flatMap(c => [c.id, c.into, c.new, ...(c.ids || [])].filter(Number.isFinite)));
  }

  add(correction) { this.change(list => [...list, correction]).then(done => { if (done) { this.undone = []; this.show(); } }); }

  remove(index) { this.change(list => list.filter((_, i) => i !== index)); }

  undo() {
    const last = this.result.corrections.at(-1);
    if (last) this.change(list => list.slice(0, -1)).then(done => { if (done) { this.undone.push(last); this.show(); } });
  }

  redo() {
    const next = this.undone.pop();
    if (next) this.change(list => [...list, next]);
  }

  // one change after the other; each is made of the newest list
  change(made) {
    const job = async () => {
      this.api.say('refining …');
      try {
        this.load(await this.api.correct(this.result.stem, this.result.revision, made(this.result.corrections)));
        this.api.say('');
        return true;
      } catch (error) {
        this.stage.moved = null;
        if (error.status === 409) this.load(await this.api.result(this.result.stem));
        this.api.say(error.message, true);
        return false;
      } finally {
        this.show();
      }
    };
    this.waiting = this.waiting.then(job, job);
    return this.waiting;
  }

  choose(id, joint = this.joint) {
    this.chosen = id;
    this.joint = joint;
    const track = this.result.track(id);
    for (const button of el('people').children) {
      const mine = +button.dataset.person === id;
      button.classList.toggle('chosen', mine);
      button.setAttribute('aria-pressed', mine);
    }
    if (track) document.documentElement.style.setProperty('--person', track.colour);
    el('joint').value = joint;
    const others = this.tracks.filter(track => track.id !== id);
    const before = el('other').value;
    el('other').replaceChildren(...others.map(track => new Option(track.id, track.id)));
    if (others.some(track => String(track.id) === before)) el('other').value = before;
    for (const name of ['swap-ids', 'merge', 'other']) el(name).disabled = !track || !others.length;
    for (const name of ['split', 'athlete', 'swap-sides', 'delete']) el(name).disabled = !track;
    this.timeline.choose(id);
    this.stage.draw();
  }

  // everything that follows from the result
  show() {
    const {result} = this;
    el('people').replaceChildren(...this.tracks.map(track => {
      const button = Object.assign(document.createElement('button'), {type: 'button', onclick: () => this.choose(track.id)});
      const dot = document.createElement('i');
      dot.style.background = track.colour;
      button.dataset.person = track.id;
      button.append(dot, track.id);
      return button;
    }));
    el('timeline').replaceChildren();
    this.timeline = new Timeline(el('timeline'), this);
    el('corrections').replaceChildren(...result.corrections.map((correction, i) => this.entry(correction, i)));
    el('undo').disabled = !result.corrections.length;
    el('redo').disabled = !this.undone.length;
    el('note').hidden = !result.note;
    el('note').textContent = result.note;
    el('kept').textContent = result.corrections.length ? `kept in ${result.stem}_corrections.json beside the poses` : 'none';
    this.choose(this.chosen);
    this.move(this.player.time);
  }

  entry(correction, index) {
    const item = document.createElement('li'), frame = correction.frame ?? correction.from;
    const what = Object.assign(document.createElement('button'), {type: 'button', className: 'what', textContent: NAMES[correction.do](correction)});
    what.onclick = () => { if (frame !== undefined) { this.player.pause(); this.player.seek(this.result.times[this.result.positionOf(frame)]); } };
    const remove = Object.assign(document.createElement('button'), {type: 'button', textContent: '×', onclick: () => this.remove(index)});
    remove.setAttribute('aria-label', 'remove: ' + what.textContent);
    item.append(what, ' ', remove);
    return item;
  }

  move(time) {
    if (!this.timeline || !this.player) return;
    el('play').textContent = this.player.playing ? 'pause' : 'play';
    el('scrub').value = time;
    el('clock').textContent = `${time.toFixed(2)} s, frame ${this.frame ?? '-'}`;
    this.timeline.move(time);
    if (this.stage.moved && !this.stage.drag && this.player.playing) this.stage.moved = null;
    this.stage.draw();
  }
}

function length(track) { return track.present.reduce((sum, [from, to]) => sum + to - from + 1, 0); }
