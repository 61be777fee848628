// Puts the page together: what is chosen, what is in view, and who hears of it.
const BEFORE = '#7d8594';
const byId = id => document.getElementById(id);

class Page {
  constructor(data, tracks, rooms) {
    Object.assign(this, {data, tracks, track: tracks[data.chosen_track] || null, joint: data.chosen_joint});
    this.player = new Player(data.times, data.sources, time => this.move(time));
    this.start = data.times[0] || 0;
    this.duration = (this.player.end - this.start) || 1;
    this.view = [this.start, this.start + this.duration];
    this.timeline = new Timeline(byId('timeline'), this);
    this.pose = new PoseView(byId('pose'), data, k => this.chooseJoint(k));
    byId('space').hidden = !rooms;
    this.space = rooms ? new SpaceView(byId('room'), data, tracks, rooms) : null;
    const unit = data.unit.name; // px, or m where a scale is known
    this.curves = [['x', unit], ['y', unit], ['speed', unit + '/s'], ['acceleration', unit + '/s\u00b2']].map(
      ([name, unit]) => ({name, chart: new Chart(byId('curves'), name, unit, this, {downwards: name === 'y' && unit === 'px'})}));
    this.score = new Chart(byId('curves'), 'confidence', '', this, {range: [0, 1.05]});
    const kinds = [...new Set(data.angles.map(name => name.replace(/^(left|right)_/, '')))];
    this.angles = kinds.map(kind => ({kind, chart: new Chart(byId('angles'), kind, 'degrees', this, {span: 30})}));
    this.controls();
    this.choose(this.track ? this.track.id : 0);
    this.player.seek(this.track ? data.times[this.track.first] : this.start);
  }

  controls() {
    const {player} = this;
    byId('play').onclick = () => player.toggle();
    byId('back').onclick = () => player.step(-1);
    byId('forward').onclick = () => player.step(1);
    byId('rate').onchange = event => player.setRate(+event.target.value);
    Object.assign(byId('scrub'), {min: this.start, max: this.start + this.duration});
    byId('scrub').oninput = event => this.scrub(+event.target.value);
    this.data.joints.forEach((joint, k) => byId('joint').add(new Option(joint.name.replace(/_/g, ' '), k)));
    byId('joint').onchange = event => this.chooseJoint(+event.target.value);
    for (const track of this.tracks) {
      const button = document.createElement('button');
      button.dataset.person = track.id;
      button.append(Object.assign(document.createElement('i'), {style: 'background:' + track.colour}), track.id);
      button.onclick = () => this.choose(track.id);
      byId('people').append(button);
    }
    for (const video of [byId('original'), byId('overlay')]) video.addEventListener('click', event => this.pick(event));
    document.addEventListener('keydown', event => {
      if (/^(SELECT|INPUT|BUTTON)$/.test(event.target.tagName) && event.key === ' ') return;
      const action = {' ': () => player.toggle(), ArrowLeft: () => player.step(-1), ArrowRight: () => player.step(1)}[event.key];
      if (action && event.target.tagName !== 'SELECT') { event.preventDefault(); action(); }
    });
    let resize = 0;
    window.addEventListener('resize', () => { cancelAnimationFrame(resize); resize = requestAnimationFrame(() => this.draw()); });
  }

  // the person under the pointer: of several, the smallest box
  pick(event) {
    const video = event.currentTarget, area = video.getBoundingClientRect(), {width, height} = this.data.video;
    const shown = Math.min(area.width / video.videoWidth, area.height / video.videoHeight);
    const left = area.left + (area.width - shown * video.videoWidth) / 2;
    const top = area.top + (area.height - shown * video.videoHeight) / 2;
    // with --compare the overlay holds the picture twice
    const x = ((event.clientX - left) / shown) % (video.videoWidth > 1.5 * width ? video.videoWidth / 2 : Infinity);
    const y = (event.clientY - top) / shown, position = this.player.position();
    if (y > height) return;
    const hits = this.tracks.map(track => ({track, box: track.box(position)}))
      .filter(({box}) => box && x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3])
      .sort((a, b) => (a.box[2] - a.box[0]) * (a.box[3] - a.box[1]) - (b.box[2] - b.box[0]) * (b.box[3] - b.box[1]));
    if (hits.length) this.choose(hits[0].track.id);
  }

  choose(id) {
    this.track = this.tracks.find(track => track.id === id) || null;
    for (const button of byId('people').children) button.classList.toggle('chosen', +button.dataset.person === id);
    if (this.track) {
      document.documentElement.style.setProperty('--person', this.track.colour);
      document.documentElement.style.setProperty('--second', this.track.tint);
    }
    this.timeline.choose(id);
    this.draw();
  }

  // pausing reports the old time, which moves the slider back: its value is read before
  scrub(time) { this.player.pause(); this.player.seek(time); }

  chooseJoint(k) { this.joint = k; this.draw(); }

  // by a factor around a time; 0 shows all
  zoom(time, factor) {
    const [from, to] = this.view, all = [this.start, this.start + this.duration];
    this.view = factor ? [Math.max(all[0], time - (time - from) * factor), Math.min(all[1], time + (to - time) * factor)] : all;
    if (this.view[1] - this.view[0] < 3 * this.duration / this.data.times.length) this.view = [from, to];
    this.draw();
  }

  draw() {
    const {track, joint} = this;
    byId('joint').value = joint;
    byId('chosen').textContent = track ? 'person ' + track.id + ', ' + this.data.joints[joint].name.replace(/_/g, ' ') : 'nobody';
    byId('mean').textContent = track ? 'mean acceleration ' + short(this.data.unit.scale * mean(track.joint(joint, 'acceleration_before')))
      + ' before, ' + short(this.data.unit.scale * mean(track.joint(joint, 'acceleration'))) + ' after' : '';
    const line = (values, colour, width, label) => ({values, first: track.first, colour, width, label});
    // metres count upwards from the centre of the lower left pixel, as in the files
    const {name: unit, scale} = this.data.unit, bottom = this.data.video.height - 1;
    const scaled = (name, values) => unit === 'px' ? values
      : values.map(value => scale * (name === 'y' ? bottom - value : value));
    for (const {name, chart} of this.curves)
      chart.set(track ? [line(scaled(name, track.joint(joint, name + '_before')), BEFORE, 1.2, 'before'),
        line(scaled(name, track.joint(joint, name)), track.colour, 2, 'after')] : []);
    this.score.set(track ? [line(track.joint(joint, 'score'), track.colour, 2, 'now')] : []);
    for (const {kind, chart} of this.angles) {
      const lines = [];
      for (const before of [true, false]) for (const [side, colour] of [['left', 'tint'], ['right', 'colour'], ['', 'colour']]) {
        const a = this.data.angles.indexOf(side ? side + '_' + kind : kind);
        if (!track || a < 0) continue;
        lines.push(before ? line(track.angle(a, true), BEFORE, 1, '') : line(track.angle(a, false), track[colour], 2, side));
      }
      chart.set(lines);
    }
    this.move(this.player.time);
  }

  move(time) {
    if (!this.pose) return; // the player reports before the page is complete
    const position = this.player.position();
    byId('scrub').value = time;
    byId('play').textContent = this.player.playing ? 'pause' : 'play';
    byId('clock').textContent = time.toFixed(3) + ' s   frame ' + this.data.frames[position];
    this.timeline.move(time);
    this.pose.show(this.track, position, this.joint);
    if (this.space) this.space.show(this.track, position);
    for (const {chart} of this.curves) chart.move();
    for (const {chart} of this.angles) chart.move();
    if (this.score) this.score.move();
  }
}

function mean(values) {
  const known = values.filter(Number.isFinite);
  return known.length ? known.reduce((sum, value) => sum + value, 0) / known.length : NaN;
}

(async () => {
  const data = JSON.parse(byId('data').textContent);
  const tracks = await Promise.all(data.tracks.map(async entry => new Track(data, entry, await unpack(entry.curves))));
  const rooms = data.space ? await Promise.all(data.space.tracks.map(unpack)) : null;
  window.page = new Page(data, tracks, rooms);
  document.body.dataset.ready = 'true';
})().catch(error => {
  byId('facts').textContent = 'This report cannot be shown: ' + error.message;
});
