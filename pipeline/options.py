"""Every option of a chain and of its files, once: type, default, meaning, and what is allowed.

Command lines, their ``--help``, the check of presets and the batch's fingerprint derive from the
fields below. A new option is one field here, and the place that uses it.
"""

import math
from dataclasses import MISSING, Field, dataclass, field, fields
from fractions import Fraction
from numbers import Real
from pathlib import Path
from typing import Any, Callable, Dict, Iterator, Mapping, Optional, Tuple, Union

from pipeline.errors import InputError
from pipeline.files import Force
from pipeline.wanted import ALLOWED, is_choice


@dataclass(frozen=True)
class Kind:
    """What values an option takes.

    Attributes:
        type: of the value, or several; whole numbers are floats too.
        allowed: in words, for messages.
        fits: whether a value of the type is allowed.
    """

    type: Any
    allowed: str
    fits: Callable[[Any], bool] = lambda value: True

    def check(self, name: str, value: Any) -> None:
        """Raise :class:`InputError` that names the option, the value and what is allowed, unless ``value`` fits."""
        types = Real if self.type is float else self.type
        right = isinstance(value, types) and isinstance(value, bool) == (self.type is bool)
        if not (right and self.fits(value)):
            shown = repr(value[:40]) if isinstance(value, str) else str(value)[:40]
            raise InputError(f'{name} {shown}: must be {self.allowed}')


def one_of(*words: str) -> Kind:
    """A kind whose values are these words."""
    return Kind(str, ', '.join(words[:-1]) + f' or {words[-1]}', words.__contains__)


def every_frames(value: Union[int, str], fps: Union[float, Fraction]) -> int:
    """How many frames of a video make up ``6`` (frames) or ``'0.2s'`` (seconds); 1 or more.

    Raises:
        ValueError: if ``value`` is neither.
    """
    if isinstance(value, int):
        return value
    if not value.endswith('s') or not 0 < float(value[:-1]) < math.inf:
        raise ValueError(value)
    return max(1, round(float(value[:-1]) * float(fps)))


def _is_cadence(value: Union[int, str]) -> bool:
    try:
        return every_frames(value, 1.0) >= 1
    except ValueError:
        return False


def _is_line(value: str) -> bool:
    try:
        x1, y1, x2, y2 = (float(part) for part in value.split(','))
    except ValueError:
        return False
    return 0 < math.hypot(x2 - x1, y2 - y1) < math.inf


LINE = Kind(str, 'two different points x1,y1,x2,y2', _is_line)
COUNT = Kind(int, 'a whole number from 1 up', lambda value: value >= 1)
CADENCE = Kind((int, str), 'a number of frames from 1 up, or seconds as 0.2s', _is_cadence)
INDEX = Kind(int, 'a whole number from 0 up', lambda value: value >= 0)
SHARE = Kind(float, 'in 0..1', lambda value: 0 <= value <= 1)
LENGTH = Kind(float, 'a number over 0', lambda value: 0 < value < math.inf)
HEIGHT = Kind(float, 'metres in 0.3..3', lambda value: 0.3 <= value <= 3)
SWITCH = Kind(bool, 'True or False')
WORD = Kind(str, 'a name', bool)
# what they may say is checked where a source is opened
MOMENT = Kind((str, Real), 'seconds (12.5 or 1:02.5) or a frame (300f)')
RATE = Kind((str, Real), 'a number, such as 25 or 30000/1001')
PATH = Kind(Path, 'a path')
REFINER_3D = Kind(
    str, 'hanet, none or a checkpoint (.pth)', lambda value: value in ('hanet', 'none') or value.endswith('.pth')
)
SECONDS = Kind(float, 'seconds above 0', lambda value: 0 < value < math.inf)
CHOICE = Kind((int, str), ALLOWED, is_choice)
MODEL = Kind(tuple, 'a config and a checkpoint', lambda value: 1 <= len(value) <= 2)
PATHS = Kind(tuple, 'folders')
FORMATS = Kind(tuple, 'a tuple of names of formats')


#: Groups of ``--help``, in its order. Any class of options may have fields in any of them.
GROUPS = {
    'input': 'what is read, and which part of it',
    'chain': 'what finds people and their poses',
    'people': 'who is wanted, and who must not be recognised',
    'refine': 'what smooths poses',
    'picture': 'what is drawn',
    'data': 'which files are written beside the video',
    'run': 'how it is run',
}


@dataclass(frozen=True)
class Option:
    """What is known of a field beside its name and default.

    Attributes:
        kind: its values.
        help: for ``--help``.
        group: of :data:`GROUPS`; None for options that are not on command lines.
        metavar: for ``--help``.
        common: whether the short ``--help`` shows it; ``--help-all`` shows every option.
        preset: whether a preset may set it.
        content: whether it can change what is in the files.
        flag: on a command line, if it is not the field's name.
    """

    kind: Kind
    help: str
    group: Optional[str] = None
    metavar: Optional[str] = None
    common: bool = False
    preset: bool = False
    content: bool = True
    flag: Optional[str] = None


def option_of(entry: Field) -> Option:
    """The :class:`Option` of a dataclass field."""
    return entry.metadata['option']


def flag_of(entry: Field) -> str:
    """The field's name on a command line; a switch that is on by default is turned off by ``--no-NAME``."""
    return option_of(entry).flag or f'--{"no-" if entry.default is True else ""}{entry.name.replace("_", "-")}'


def _option(default: Any, kind: Kind, help: str, group: Optional[str] = None, **more) -> Any:
    return field(default=default, metadata={'option': Option(kind, help, group, **more)})


@dataclass(frozen=True)
class ChainOptions:
    """What a chain is built from; None leaves it to the preset."""

    preset: str = _option('embedded', WORD, 'a name, or a preset file', 'chain', common=True)
    device: str = _option('auto', WORD, 'auto (a GPU where torch sees one), cpu, cuda, cuda:1 …', 'chain')
    refiner: Optional[str] = _option(
        None,
        WORD,
        'hanet (any use), hanet-academic, hanet-paper, smoothnet, deciwatch or a file (.pth), each with overlap, '
        'polish, rate, sides; or none, gaussian (sigma), median '
        '(width, sigma), savgol (window, order), butterworth (cutoff, order), hampel (width, threshold, cutoff, '
        'order), one-euro (min_cutoff, beta, derivative_cutoff). Parameters follow a colon: '
        'butterworth:cutoff=6,order=2; max_gap (seconds that are bridged) is one of each',
        'refine',
        metavar='NAME',
        common=True,
    )
    refiner_checkpoint: Optional[Path] = _option(
        None, PATH, 'weights for the refiner of that name', 'refine', metavar='FILE'
    )
    detector: Optional[Tuple[str, ...]] = _option(
        None, MODEL, "any MMDetection model, in place of the preset's", 'chain', metavar='CONFIG CHECKPOINT'
    )
    estimator: Optional[Tuple[str, ...]] = _option(
        None, MODEL, "any MMPose top-down model, in place of the preset's", 'chain', metavar='CONFIG CHECKPOINT'
    )
    python_path: Tuple[Path, ...] = _option(
        (),
        PATHS,
        'folder of the modules that custom_imports of your configs name',
        'chain',
        metavar='FOLDER',
        content=False,
    )
    score_thr: Optional[float] = _option(None, SHARE, 'lowest score of a detected person', 'chain', metavar='0..1')
    keypoints: Optional[str] = _option(
        None,
        WORD,
        'points of the poses: coco17, body25, halpe26, blazepose33 (feet, hands; for the embedded presets); '
        "default: the estimator's, 17 for all presets",
        'chain',
        metavar='NAME',
        preset=True,
    )
    flip_test: Optional[bool] = _option(
        None, SWITCH, 'average poses with those of the mirrored image (slower)', 'chain'
    )
    scene: Optional[str] = _option(
        None, WORD, 'tracker options for a kind of scene: default, crowd, sport, single', 'people'
    )
    single: Optional[bool] = _option(
        None,
        SWITCH,
        'the clip shows one person: one id through all gaps and cuts (the same as --scene single)',
        'people',
        common=True,
    )
    detect_every: Union[None, int, str] = _option(
        None,
        CADENCE,
        'run the detector in every N-th frame only, or every so many seconds (0.2s), and track in between',
        'chain',
        metavar='N',
        preset=True,
    )
    every: Optional[int] = _option(
        None,
        COUNT,
        'analyse every N-th frame only; the refiner interpolates the rest',
        'chain',
        metavar='N',
        common=True,
        preset=True,
    )
    batch: Optional[int] = _option(None, COUNT, 'frames per network call; for GPUs', 'chain', metavar='N', preset=True)
    follow: Optional[bool] = _option(None, SWITCH, 'also estimate poses where the tracker expects people', preset=True)
    overlap: Optional[bool] = _option(None, SWITCH, 'run the detector in a thread of its own', preset=True)
    runtime: Optional[str] = _option(
        None, WORD, 'what runs torch models: torch or openvino (faster on CPUs)', 'chain', preset=True
    )
    half: Optional[bool] = _option(
        None, SWITCH, 'run torch models in half precision (float16 on GPUs, bfloat16 on CPUs)', 'chain', preset=True
    )

    random_weights: Optional[bool] = _option(
        None,
        SWITCH,
        'let a network without a checkpoint run on random weights, to try it or time it',
        'chain',
        preset=True,
    )

    three_d: Optional[bool] = _option(
        None,
        SWITCH,
        'lift every track to 3D: joints in metres, in JSON, CSV, Parquet and TRC, in the report, as BVH and glTF',
        'refine',
        flag='--3d',
        common=True,
        preset=True,
    )
    focal: Optional[float] = _option(
        None,
        LENGTH,
        'focal length of the lens in px, for --3d (default: that of a phone, 68 degrees from corner to corner)',
        'refine',
        metavar='PX',
        preset=True,
    )
    refiner_3d: Optional[str] = _option(
        None,
        REFINER_3D,
        'what refines lifted poses, for --3d: none (default), hanet, or a checkpoint',
        'refine',
        metavar='NAME',
        preset=True,
    )
    person_height: Optional[float] = _option(
        None,
        HEIGHT,
        'height in metres of the person who is in the picture longest and largest, which metres take their scale from; '
        'for --3d of everybody (1.70 if not given)',
        'refine',
        metavar='M',
        preset=True,
    )

    def arguments(self) -> Dict[str, Any]:
        """The same in the words of :meth:`pipeline.VideoPipeline.from_preset`, ``preset`` and ``device`` left out.

        Raises:
            InputError: naming the option whose value is not allowed.
        """
        check(self)
        refiner: Any = self.refiner
        if self.refiner_checkpoint:
            refiner = dict(type=self.refiner or 'network', checkpoint=str(self.refiner_checkpoint))
        detector, estimator = (
            dict(zip(('config', 'checkpoint'), pair or ())) for pair in (self.detector, self.estimator)
        )
        given: Dict[str, Any] = dict(refiner=refiner, detector=detector, estimator=estimator)
        if self.score_thr is not None:
            given['detector']['score_thr'] = self.score_thr
        if self.flip_test is not None:
            given['estimator']['flip_test'] = self.flip_test
        if self.single and self.scene not in (None, 'single'):
            raise InputError(f'--single --scene {self.scene}: give one of the two')
        scene = 'single' if self.single else self.scene
        given['tracker'] = dict(scene=scene) if scene else None
        return {**given, **{entry.name: getattr(self, entry.name) for entry in fields(self) if option_of(entry).preset}}


@dataclass(frozen=True)
class LiveOptions:
    """What a run of one command wants that is watched as it goes on.

    Attributes:
        latency: see :func:`pipeline.refine.within.refiner_within`.
    """

    latency: Optional[float] = _option(
        None,
        SECONDS,
        'choose a refiner that answers within so many seconds of video, computing not counted',
        'refine',
        metavar='SECONDS',
        common=True,
    )


@dataclass(frozen=True)
class OutputOptions:
    """What to write, and of which part of the video.

    Attributes:
        out_dir: folder of the files; made if need be.
        video: write ``NAME_overlay.mp4``.
        formats: of pose data, see :mod:`pipeline.formats`.
        report: also write ``NAME_report.html``, a page to look at (needs ``json``).
        force: replace files that exist; a run puts its :class:`pipeline.files.Claim` here.
        start, end: seconds (``12.5``, also as a number) or frames (``'300f'``) of the source.
        reader: of video files, ``pyav`` or ``decord``.
        fps: of images, such as ``25`` or ``30000/1001``; that of a video is corrected by it.
        resize: scale images of another size to that of the first of their sequence.
        deinterlace: remove the combs of interlaced video.
        people: whose data is written, see :func:`pipeline.people.choose`; None for everybody's.
        draw_others: how the others are drawn.
        person_height, scale, calibration, floor: how pixels become metres, see :mod:`pipeline.kinematics.metres`.
        blur_faces, background: what is hidden in the picture, see :mod:`pipeline.people`.
        facing: for the signs of angles, see :mod:`pipeline.kinematics.facing`.
        draw_angles, compare, boxes, ids, trails: see :class:`pipeline.render.RenderOptions`.
        show: also show what is drawn, in a window, see :mod:`pipeline.render.window`.
        progress: show a progress bar on the terminal.
        command: how the run was started, recorded in the files.
        name: what the video is called in pose data, if not after its file; ids that are numbers follow from it.
        repeat: content of ``NAME_run.toml``, which repeats the run; empty for none.
    """

    out_dir: Path = _option(Path('output'), PATH, 'output folder', content=False)
    force: Force = _option(False, SWITCH, 'replace files that exist', content=False)
    start: Union[None, str, float, Fraction] = _option(
        None, MOMENT, 'where to start: seconds, or frames as 120f', 'input', common=True
    )
    end: Union[None, str, float, Fraction] = _option(
        None, MOMENT, 'where to stop: seconds, or frames as 240f', 'input', common=True
    )
    reader: str = _option('pyav', WORD, 'decoder of video files: pyav or decord', 'input')
    fps: Union[None, str, float, Fraction] = _option(
        None,
        RATE,
        'pictures per second of folders and stacks of pictures (30); reinterpret a video at this rate, '
        'without its sound',
        'input',
        metavar='RATE',
    )
    resize: bool = _option(False, SWITCH, 'scale pictures of another size to that of the first one', 'input')
    deinterlace: bool = _option(False, SWITCH, 'remove the combs of interlaced video', 'input')
    people: Union[None, int, str] = _option(
        None,
        CHOICE,
        'whose data to write, chosen when the clip is over: main (size x duration x nearness to the middle), largest, '
        'longest, a number (so many main ones), ids=1,3, or x,y@seconds (whoever is there then)',
        'people',
        metavar='WHO',
        common=True,
    )
    draw_others: str = _option(
        'as-usual',
        one_of('as-usual', 'faint', 'none'),
        'how those whom --people leaves out are drawn: as-usual, faint or none',
        'people',
        metavar='HOW',
        common=True,
    )
    person_height: Optional[float] = _option(None, HEIGHT, 'as in ChainOptions')
    scale: Optional[float] = _option(
        None, LENGTH, 'pixels per metre in the plane that people move in', 'data', metavar='PX_PER_M'
    )
    calibration: Optional[Path] = _option(
        None, PATH, "Pose2Sim's calibration file (TOML) with the camera of the video", 'data', metavar='FILE'
    )
    floor: Optional[str] = _option(
        None,
        LINE,
        'two points on the floor in pixels, in the direction of walking; metres count from the first',
        'data',
        metavar='X1,Y1,X2,Y2',
    )
    blur_faces: bool = _option(
        False, SWITCH, "blur everybody's head in the picture, also while a detector misses it", 'people', common=True
    )
    background: str = _option(
        'keep',
        one_of('keep', 'black', 'blur'),
        'what becomes of the picture around people (with --people: around those): keep, black or blur',
        'people',
        metavar='HOW',
    )
    facing: str = _option(
        'auto',
        one_of('auto', 'right', 'left'),
        'which way people face in the picture, for the signs of angles: auto (where the toes point), right or left',
        'data',
        metavar='WAY',
    )
    draw_angles: bool = _option(False, SWITCH, 'write angles of knees, hips, ankles and elbows beside them', 'picture')
    compare: bool = _option(False, SWITCH, 'draw before and after refinement side by side', 'picture', common=True)
    boxes: bool = _option(False, SWITCH, 'draw bounding boxes', 'picture', common=True)
    ids: bool = _option(True, SWITCH, 'do not draw track ids', 'picture')
    trails: bool = _option(False, SWITCH, 'draw the recent path of hands and feet', 'picture')
    video: bool = _option(True, SWITCH, 'do not write the overlay video', 'picture', common=True)
    formats: Tuple[str, ...] = _option(('json',), FORMATS, 'formats of pose data')
    report: bool = _option(False, SWITCH, 'write an HTML page with videos, tracks and curves', 'data', common=True)
    show: bool = _option(
        False,
        SWITCH,
        'show it in a window as it runs: space pauses, b boxes, i ids, t trails, q ends; prints the latency',
        'run',
        common=True,
        content=False,
    )
    progress: bool = _option(False, SWITCH, 'show a progress bar', content=False)
    command: str = _option('', WORD, 'how the run was started', content=False)
    name: str = _option('', WORD, 'what the video is called in pose data', content=False)
    repeat: str = _option('', WORD, 'a TOML file that repeats the run', content=False)

    def check(self) -> None:
        """Check every value, and that none is without effect.

        Raises:
            InputError: naming the option, its value and what is allowed.
        """
        check(self)
        if self.show and self.hides:
            raise InputError('--show: what --blur-faces and --background hide is known when the clip is over; give one')
        if self.draw_others != 'as-usual' and self.people is None:
            raise InputError(f'--draw-others {self.draw_others}: say by --people who the others are not')
        if self.report and 'json' not in self.formats:
            raise InputError('a report is made from the JSON file: write that too')

    def reading(self) -> Dict[str, Any]:
        """What :func:`pipeline.video.open_source` is to know of an input."""
        return {name: getattr(self, name) for name in ('start', 'end', 'fps', 'reader', 'resize', 'deinterlace')}

    @property
    def waits(self) -> bool:
        """Whether data is written when the clip is over, because only then it is known whose."""
        return self.people is not None

    @property
    def draws_late(self) -> bool:
        """Whether pictures are read once more, to be drawn upon when the clip is over."""
        return self.video and (self.hides or self.people is not None and self.draw_others != 'as-usual')

    @property
    def hides(self) -> bool:
        """Whether somebody must not be recognised in the picture; then nothing refers to the original either."""
        return self.blur_faces or self.background != 'keep'

    def content(self) -> Dict[str, Any]:
        """Those options that can change what is in the files."""
        return {entry.name: getattr(self, entry.name) for entry in fields(self) if option_of(entry).content}


@dataclass(frozen=True)
class RefineOptions:
    """What poses from a file are refined with; the rest is as in :class:`ChainOptions`.

    Attributes:
        refiner: a name or file with parameters, as :func:`pipeline.refine.refiner_options` takes it.
        scene: tracker options, where the file has no ids.
        track: give new ids also where the file has some.
        size: of the picture, ``(width, height)`` px, where neither file nor video say.
        first_frame: number of the video's first frame in the file.
        device, runtime: of the networks.
    """

    refiner: Union[str, Dict[str, Any]] = 'hanet'
    scene: Optional[str] = None
    track: bool = _option(False, SWITCH, 'give people new ids, also where the file has some', 'people', common=True)
    size: Optional[str] = _option(
        None,
        WORD,
        'size of the picture, where neither file nor video say, as 1920x1080',
        'input',
        metavar='WIDTHxHEIGHT',
        common=True,
    )
    first_frame: int = _option(
        0,
        INDEX,
        "number of the video's first frame in the file; 1 where a tool counts from 1",
        'input',
        metavar='N',
    )
    device: str = 'auto'
    runtime: str = 'torch'

    @property
    def picture_size(self) -> Optional[Tuple[int, int]]:
        """Width and height in px.

        Raises:
            InputError: if ``size`` is something else.
        """
        if self.size is None:
            return None
        width, _, height = self.size.lower().partition('x')
        if not (width.isdecimal() and height.isdecimal() and 0 < int(width) < 1 << 16 and 0 < int(height) < 1 << 16):
            raise InputError(f'--size {self.size[:40]!r}: must be WIDTHxHEIGHT in px, as 1920x1080')
        return int(width), int(height)


def preset_options() -> Dict[str, Kind]:
    """The options that a preset may set, beside its stages."""
    return {entry.name: option_of(entry).kind for entry in fields(ChainOptions) if option_of(entry).preset}


def check(options: Any) -> None:
    """Check every option that is given.

    Raises:
        InputError: naming the option, its value and what is allowed.
    """
    for entry, value in _given(options):
        option_of(entry).kind.check(flag_of(entry), value)


def as_fields(options: Any, values: Mapping[str, Any]) -> Dict[str, Any]:
    """``values`` for a class of options, with tuples and paths in place of the lists and text that stand for them."""
    kinds = {entry.name: option_of(entry).kind.type for entry in fields(options)}
    stands_for = {tuple: list, Path: str}
    return {
        name: kind(value) if (kind := kinds.get(name)) in stands_for and isinstance(value, stands_for[kind]) else value
        for name, value in values.items()
    }


def _given(options: Any) -> Iterator[Tuple[Field, Any]]:
    for entry in fields(options):
        value = getattr(options, entry.name)
        if value is not None and value != entry.default and entry.default is not MISSING:
            yield entry, value
