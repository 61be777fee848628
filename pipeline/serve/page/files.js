// The videos of the folder: dropped, run, opened.
class Files {
  constructor(api, open) {
    Object.assign(this, {api, open, opened: null, mine: null, told: 0, sending: null});
    const drop = document.getElementById('drop'), input = document.getElementById('upload');
    input.onchange = () => { if (input.files[0]) this.send(input.files[0]); input.value = ''; };
    for (const kind of ['dragover', 'dragleave', 'drop'])
      document.addEventListener(kind, event => {
        event.preventDefault();
        drop.classList.toggle('over', kind === 'dragover');
        if (kind === 'drop' && event.dataTransfer.files[0]) this.send(event.dataTransfer.files[0]);
      });
    document.getElementById('stop').onclick = () => this.sending ? this.sending.abort() : this.api.stop();
  }

  async send(file) {
    if (this.sending) { this.api.say('One file at a time.', true); return; }
    if (this.state && file.size > this.state.most) { this.api.say(`${file.name}: is larger than the ${this.state.most / 1e9} GB that are taken`, true); return; }
    this.sending = new XMLHttpRequest();
    try {
      const {name} = await this.api.upload(this.sending, file, share => this.progress(`copying ${file.name}`, share, 1));
      this.sending = null;
      await this.run(name, false);
    } catch (error) {
      this.api.say(error.message, true);
    } finally {
      this.sending = null;
      this.refresh();
    }
  }

  async run(name, force) {
    try {
      this.mine = (await this.api.run(name, force)).number;
      this.api.say('');
    } catch (error) { this.api.say(error.message, true); }
    this.refresh();
  }

  async refresh() {
    clearTimeout(this.timer);
    let pause = 3000;
    try {
      this.state = await this.api.state();
      this.show(this.state);
      if (this.state.job && !this.state.job.ended) pause = 400;
    } catch (error) { this.api.say(error.message, true); }
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.refresh(), pause);
  }

  show({files, job, folder}) {
    document.getElementById('title').textContent = folder;
    const key = JSON.stringify([files, this.opened, job && !job.ended && job.stem]);
    if (key !== this.key) document.getElementById('files').replaceChildren(...files.map(file => this.entry(file, job)));
    this.key = key;
    const at = job && !job.ended;
    if (!this.sending) {
      document.getElementById('progress').hidden = !at;
      if (at) this.progress(`${job.kind === 'run' ? 'looking for poses in' : 'writing files of'} ${job.name}` + (job.of ? `: ${job.done} of ${job.of} frames` : ' …'), job.done, job.of);
    }
    if (job && job.ended && job.number === this.mine && this.told !== job.number) {
      this.told = job.number;
      if (job.error) this.api.say(job.error, job.error !== 'stopped');
      else if (job.kind === 'run') this.open(job.stem);
      else this.api.say(`written into the folder of results: ${job.files.join(', ')}`);
    }
  }

  progress(text, done, of) {
    document.getElementById('progress').hidden = false;
    document.getElementById('progress-text').textContent = text;
    const bar = document.getElementById('progress-bar');
    if (of) Object.assign(bar, {max: of, value: done}); else bar.removeAttribute('value');
  }

  entry({video, stem, result}, job) {
    const item = document.createElement('li'), name = document.createElement('button'), running = job && !job.ended && job.stem === stem;
    const state = running ? 'at work' : result ? (video ? 'poses' : 'poses, without video') : 'not run yet';
    Object.assign(name, {type: 'button', title: video || stem, onclick: () => result ? this.open(stem) : this.run(video, false)});
    name.dataset.stem = stem;
    name.classList.toggle('chosen', stem === this.opened);
    name.append(video || stem, Object.assign(document.createElement('small'), {textContent: state}));
    item.append(name);
    if (video && result) {
      const again = Object.assign(document.createElement('button'), {type: 'button', textContent: '↻', title: 'run again'});
      again.setAttribute('aria-label', `run ${video} again`);
      again.onclick = () => { if (confirm(`Run ${video} again and replace its poses? Corrections stay, but fit only if the poses are the same.`)) this.run(video, true); };
      item.append(again);
    }
    return item;
  }
}
