"""Tracks people by pose, box and motion together.

The frame of mind is ByteTrack's (Zhang et al., ECCV 2022): people are associated
in two passes, confident ones first, and the weak ones only continue tracks. What
differs: similarity is OKS of the poses and IoU of the boxes together, motion is
predicted per joint, and all times are seconds.
"""

from dataclasses import fields, replace
from typing import List, Optional, Tuple

import numpy as np
from numpy.typing import ArrayLike

from pipeline.geometry import areas, box_intersections
from pipeline.registry import TRACKERS
from pipeline.skeletons import Skeleton
from pipeline.tracking.association import assign, looks_gate, similarity_matrix
from pipeline.tracking.duplicates import nested_matrix, pose_agreement, suppress
from pipeline.tracking.looks import COCO_BODY, alike, describe
from pipeline.tracking.options import TrackerOptions
from pipeline.tracking.returning import recognise
from pipeline.tracking.track import Track
from pipeline.types import Detections, Frame, People

# Detections can carry COCO's keypoints and no others
_COCO_KEYPOINTS = 17
# room that a carried box leaves around the predicted joints, in body sizes
_CARRIED_MARGIN = 0.08
# joints below this score do not stretch a carried box
_CARRIED_SCORE = 0.3
# seconds in which the scores of somebody hidden are halved
_HIDDEN_HALF_LIFE = 0.35
# with one person only: how far the clothes may speak against somebody (0..1) …
_LIKELY = 0.5
# … body sizes (and those per second unseen) within which somebody is near, and seconds after which somebody far away
# is the same one: longer than refiners bridge
_NEAR, _NEAR_SPEED, _BREAK = 1.0, 1.0, 0.35
# part of the score of whoever holds them below which newcomers inside a box are taken for a part of that body
_ECHO = 0.5
# evidence of clothes from which on a carried pose is judged by them
_JUDGED = 0.3
# the part of a box that lies in another's from which on it may show the other's clothes: these are not remembered …
_CROWDED = 0.35
# … and count this much less
_CROWDED_DOUBT = 0.5


@TRACKERS.register_module()
class PoseTracker:
    """Gives every person an id that stays, frame by frame, as a stream.

    Newcomers with a score of ``high_score`` have an id and are shown in their
    very first frame, unless their box lies in that of somebody larger: a part of a body
    may look like a person. Hesitant ones (from ``start_score``) are followed silently
    and shown, with an id, from the frame on in which they have been seen without
    a gap for ``confirm_time``; those that die before that never use up an id.
    Ids count from 1 and are never given again, except where ``max_people`` asks
    for it.

    Args:
        sigmas: ``(K,)`` OKS fall-off per joint, from the skeleton.
        options: thresholds and times; the defaults if None.
    """

    def __init__(self, sigmas: ArrayLike, options: Optional[TrackerOptions] = None):
        self._sigmas = np.asarray(sigmas, np.float64)
        self.options = options or TrackerOptions()
        self.reset()

    @classmethod
    def from_config(cls, skeleton: Skeleton, **options) -> 'PoseTracker':
        """A tracker for ``skeleton``; ``options`` as :meth:`TrackerOptions.preset` takes them.

        Raises:
            InputError: for an unknown scene or option, or a value that is not allowed.
        """
        return cls(skeleton.sigmas, TrackerOptions.preset(**options))

    def reset(self) -> None:
        """Forget everyone; ids start at 1 again."""
        self._tracks: List[Track] = []
        self._gone: List[Track] = []
        self._serial = 0
        self._ids_given = 0
        self._vacant_ids: List[int] = []
        self._time = self._given = -np.inf
        self._image_size = (0, 0)

    def expect_rate(self, fps: float) -> None:
        """Adapt the options to a source of few frames per second, see :meth:`TrackerOptions.at_rate`."""
        self.options = self.options.at_rate(fps)

    def with_looks(self, people: People, frame: Frame) -> People:
        """The people with their clothes described from the frame.

        Poses that are not COCO's are left as they are: the tracker then does without.
        """
        if len(self._sigmas) != _COCO_KEYPOINTS or not len(people):
            return people
        return replace(people, looks=describe(frame, people.keypoints, people.keypoint_scores, COCO_BODY))

    def update(self, people: People, time: float, image_size: Tuple[int, int]) -> People:
        """The people of the next frame, with ids.

        Doubled and nested boxes of one person are merged into the best of them;
        ghosts are dropped, and so are hesitant newcomers for a while (see the
        class). Those who stay come in the order of their ids.

        Args:
            people: of this frame, in any order. Those marked ``carried`` had their boxes
                from :meth:`predict`: they start no track, and their boxes follow the joints.
                With ``looks`` (:meth:`with_looks`) clothes tell people apart: ids are not
                passed to others, who comes back gets the old one, and a carried pose that
                does not look like its person is not adopted: its person is hidden.
            time: seconds; a time before the last frame's counts as the last one's.
            image_size: width and height in px.
        """
        previous, self._time = self._time, max(time, self._time)
        self._image_size = image_size
        self._end_tracks()
        people = self._candidates(people)
        scores = person_scores(people)

        # Step 1: associate confident people with all tracks; then weak ones with the tracks just seen;
        # then those who would start a track with whoever is lost
        owners: List[Optional[Track]] = [None] * len(people)
        options = self.options
        confident, hesitant = scores >= options.high_score, scores >= options.start_score
        just_seen = [track for track in self._tracks if track.seen == previous and track.score >= options.keep_score]
        self._associate(people, confident, self._tracks, owners, options.match_similarity)
        self._associate(people, ~confident, just_seen, owners, options.match_similarity_low)
        self._associate(people, hesitant, self._tracks, owners, options.match_similarity_low)

        self._recognise(people, hesitant, owners)

        # Step 2: continue tracks, start new ones, forget hesitant ones that were not seen
        crowded = _crowded(people)
        for index, track in enumerate(owners):
            if track is not None:
                if people.looks is not None and not crowded[index]:
                    track.remember(people.looks[index], self._time - track.seen)
                track.update(
                    people.bboxes[index],
                    people.bbox_scores[index],
                    people.keypoints[index],
                    people.keypoint_scores[index],
                    scores[index],
                    self._time,
                    detected=not people.carried[index],
                )
        self._start_tracks(people, scores, owners)
        elsewhere = self._seat_the_only_one(people, owners) if options.max_people == 1 else False
        self._show_confirmed(self._echoes(people, scores, owners))
        self._tracks = [track for track in self._tracks if track.id is not None or track.seen == self._time]
        out = _joined(_with_ids(people, owners), None if elsewhere else self._hidden(people))
        self._given = self._time if len(out) else self._given
        return out

    def predict(self, time: float) -> Detections:
        """Where the people of the last update are at ``time``, for frames without detector.

        Boxes hold the surely known joints and stay inside the frame. Keypoints are given
        for COCO's 17 joints only, because :class:`Detections` knows no others.
        """
        tracks = [track for track in self._tracks if track.seen == self._time or self._is_hidden(track)]
        if not tracks:
            return Detections.empty()
        poses, boxes = [], []
        for track in tracks:
            pose, box = track.moved(time) if self._is_hidden(track) else track.predict(time)[::2]
            poses.append(pose)
            boxes.append(_carried_box(box, pose, track.weights >= _CARRIED_SCORE, _CARRIED_MARGIN * track.size))
        width, height = self._image_size
        clipped = np.clip(boxes, 0, [width, height, width, height]).astype(np.float32)
        inside = (clipped[:, 2] > clipped[:, 0]) & (clipped[:, 3] > clipped[:, 1])
        fading = np.array([_fading(self._time - track.seen) for track in tracks], np.float32)
        scores = np.array([track.box_score for track in tracks], np.float32) * fading
        weights = np.stack([track.weights for track in tracks]).astype(np.float32)
        serials = np.array([track.serial for track in tracks], np.int64)
        seeds = len(self._sigmas) == _COCO_KEYPOINTS
        return Detections(
            clipped,
            scores,
            np.stack(poses).astype(np.float32) if seeds else None,
            weights if seeds else None,
            expected_by=serials,
        )[inside]

    def _candidates(self, people: People) -> People:
        """Without ghosts and doubles, best first, whatever the order they came in."""
        scores = person_scores(people)
        # a carried box is only expected: where the detector has found the person, its box is better
        order = np.lexsort((*people.bboxes.T, -scores, people.carried))
        people = people[order[scores[order] >= self.options.low_score]]
        same = pose_agreement(people, self._sigmas) >= self.options.duplicate_similarity
        return people[suppress(same, np.arange(len(people)))]

    def _associate(
        self, people: People, rows: np.ndarray, tracks: List[Track], owners: List[Optional[Track]], least: float
    ) -> None:
        """Enter into ``owners`` the free tracks that people of ``rows`` (a mask) without owner continue."""
        free = [track for track in tracks if not any(track is owner for owner in owners)]
        rows = np.flatnonzero(rows & np.array([owner is None for owner in owners], bool))
        if not free or not len(rows):
            return
        options, chosen = self.options, people[rows]
        similarity = similarity_matrix(free, chosen, self._time, self._sigmas, options.pose_weight)
        # of two found people who cover each other, either's torso may show the other's clothes
        doubt = np.where(_crowded(people)[rows], _CROWDED_DOUBT, 0.0)
        gate = looks_gate(free, chosen, options.looks_low, options.looks_high)
        similarity *= 1 - (1 - doubt) * (1 - gate)
        # a carried pose is its own track's or nobody's
        serials = np.array([track.serial for track in free])[:, None]
        similarity[(chosen.expected_by > 0) & (chosen.expected_by != serials)] = 0
        similarity[~self._holds(free, chosen)] = 0
        unseen = np.array([self._time - track.seen for track in free])
        for track, row in assign(similarity, least, unseen):
            owners[rows[row]] = free[track]

    def _holds(self, tracks: List[Track], people: People) -> np.ndarray:
        """Whether carried poses can be of their tracks' persons: ``(N, P)`` bool, True for those found."""
        holds = np.ones((len(tracks), len(people)), bool)
        for row, track in enumerate(tracks):
            for column in np.flatnonzero(people.expected_by == track.serial):
                stretch = track.stretch(people.keypoints[column], people.keypoint_scores[column])
                holds[row, column] = stretch <= self.options.hold_stretch
                if people.looks is not None and track.looks is not None:
                    likeness, evidence = alike(track.looks[None], people.looks[[column]])
                    holds[row, column] &= likeness[0, 0] >= self.options.hold_looks or evidence[0, 0] < _JUDGED
        return holds

    def _recognise(self, people: People, rows: np.ndarray, owners: List[Optional[Track]]) -> None:
        """Enter lost tracks into ``owners`` of people who look like them."""
        rows = np.flatnonzero(rows & ~people.carried & np.array([owner is None for owner in owners], bool))
        if not len(rows) or people.looks is None:
            return
        here = [owner for owner in owners if owner is not None]
        lost = [
            track
            for track in self._tracks + self._gone
            if track.id is not None and not any(track is owner for owner in here)
        ]
        for track, row in recognise(lost, people[rows], self._time, self.options, here):
            owners[rows[row]] = track
            if any(track is gone for gone in self._gone):
                self._gone = [gone for gone in self._gone if gone is not track]
                self._tracks.append(track)

    def _is_hidden(self, track: Track) -> bool:
        return (
            track.id is not None and track.looks is not None and 0 < self._time - track.seen <= self.options.hidden_time
        )

    def _hidden(self, people: People) -> Optional[People]:
        """Those who are hidden or missed, where they are predicted: fading, and marked as carried and as filled."""
        tracks = [track for track in self._tracks if self._is_hidden(track)]
        if not tracks or people.looks is None:
            return None
        fading = np.array([_fading(self._time - track.seen) for track in tracks], np.float32)
        poses, boxes = zip(*(track.moved(self._time) for track in tracks))
        centres = (np.stack(boxes)[:, :2] + np.stack(boxes)[:, 2:]) / 2
        inside = ((centres >= 0) & (centres < self._image_size)).all(axis=1)
        return People(
            np.stack(boxes).astype(np.float32),
            fading * [track.box_score for track in tracks],
            np.stack(poses).astype(np.float32),
            np.stack([track.weights for track in tracks]).astype(np.float32) * fading[:, None],
            np.array([track.id for track in tracks], np.int64),
            filled=np.ones(len(tracks), bool),
            carried=np.ones(len(tracks), bool),
            expected_by=np.array([track.serial for track in tracks], np.int64),
            looks=np.array([track.looks for track in tracks], np.float32),
        )[inside]

    def _start_tracks(self, people: People, scores: np.ndarray, owners: List[Optional[Track]]) -> None:
        """New tracks for people who are nobody's double, entered into ``owners``."""
        owned = np.array([owner is not None for owner in owners], bool)
        options = self.options
        same = nested_matrix(people, options.nested_overlap) & (
            pose_agreement(people, self._sigmas) >= options.duplicate_similarity / 2
        )
        keep = suppress(same, np.argsort(~owned, kind='stable'))
        doubtful = self._where_hidden(people) | self._holders(people, scores, owners).any(axis=1)
        newcomers = np.flatnonzero(keep & ~owned & ~people.carried & (scores >= options.start_score))
        if options.max_people == 1:  # the nearest first
            newcomers = newcomers[np.argsort(-areas(people.bboxes[newcomers]), kind='stable')]
        for index in newcomers:
            self._serial += 1
            track = Track(
                people.bboxes[index],
                people.bbox_scores[index],
                people.keypoints[index],
                people.keypoint_scores[index],
                scores[index],
                self._time,
                self._sigmas,
                options,
                self._serial,
            )
            if people.looks is not None:
                track.remember(people.looks[index], 0.0)
            if scores[index] >= options.high_score and not doubtful[index]:
                self._show(track)
            self._tracks.append(track)
            owners[index] = track

    def _seat_the_only_one(self, people: People, owners: List[Optional[Track]]) -> bool:
        """With ``max_people`` 1: give the id to whoever can be the one who was lost, before ``max_lost`` is over.

        Clothes must not speak against it. Whoever stands far from where the lost one was expected has to
        wait until nobody has been shown for :data:`_BREAK`, so that no refiner draws a line between the places.

        Returns:
            Whether somebody waits so; then the lost one is not shown where the prediction says either.
        """
        lost = next((track for track in self._tracks if track.id is not None), None)
        if lost is None or lost.seen == self._time:
            return False
        rows = [row for row, owner in enumerate(owners) if owner is not None and not people.carried[row]]
        gate = looks_gate([lost], people[rows], self.options.looks_low, self.options.looks_high)[0]
        rows = [row for row, likely in zip(rows, gate) if likely >= _LIKELY]
        if not rows:
            return False
        row = max(rows, key=lambda row: areas(people.bboxes)[row])
        box, unseen = lost.predict(self._time)[2], self._time - lost.seen
        away = np.linalg.norm((box[:2] + box[2:] - people.bboxes[row, :2] - people.bboxes[row, 2:]) / 2) / lost.size
        if away > _NEAR + _NEAR_SPEED * unseen and self._time - self._given < _BREAK:
            return True
        found = owners[row]
        assert found is not None
        found.id, found.looks = lost.id, lost.looks if found.looks is None else found.looks
        self._tracks = [track for track in self._tracks if track is not lost]
        return False

    def _where_hidden(self, people: People) -> np.ndarray:
        """Who stands just where somebody hidden is expected: ``(P,)`` bool.

        Perhaps the clothes were not seen rightly, so such newcomers are shown only once confirmed.
        """
        hidden = [track for track in self._tracks if self._is_hidden(track)]
        if not hidden or people.looks is None or not len(people):
            return np.zeros(len(people), bool)
        similarity = similarity_matrix(hidden, people, self._time, self._sigmas, self.options.pose_weight)
        return np.asarray((similarity >= self.options.match_similarity_low).any(axis=0))

    def _echoes(self, people: People, scores: np.ndarray, owners: List[Optional[Track]]) -> List[Track]:
        """Tracks inside the box of somebody who has more than twice their score: a leg that is taken for a person."""
        loud = self._holders(people, scores, owners) & (scores[:, None] < _ECHO * scores[None])
        return [owner for owner, held in zip(owners, loud) if owner is not None and held.any()]

    def _holders(self, people: People, scores: np.ndarray, owners: List[Optional[Track]]) -> np.ndarray:
        """``(P, P)`` bool: whether the box of the first lies in that of the second, who is larger and shown or sure."""
        size = areas(people.bboxes)
        shown = np.array([owner is not None and owner.id is not None for owner in owners], bool)
        shown |= scores >= self.options.high_score
        return nested_matrix(people, self.options.nested_overlap) & (size[:, None] < size[None]) & shown[None]

    def _show_confirmed(self, echoes: List[Track]) -> None:
        for track in self._tracks:
            if any(track is echo for echo in echoes):
                continue
            if track.id is None and track.seen == self._time and self._time - track.start >= self.options.confirm_time:
                self._show(track)

    def _show(self, track: Track) -> None:
        """Give the track an id, if there is one left to give."""
        if self._vacant_ids:
            track.id = self._vacant_ids.pop(0)
        elif self.options.max_people is None or self._ids_given < self.options.max_people:
            self._ids_given += 1
            track.id = self._ids_given

    def _end_tracks(self) -> None:
        """Forget who was not seen for too long."""
        lost = [track for track in self._tracks if self._time - track.seen > self.options.max_lost]
        self._tracks = [track for track in self._tracks if track not in lost]
        if self.options.max_people is None:
            # ids are kept for those who come back, and recognised by clothes
            self._gone = [
                track
                for track in self._gone + lost
                if track.id is not None
                and track.looks is not None
                and self._time - track.seen <= self.options.return_time
            ]
        else:
            self._vacant_ids.extend(track.id for track in lost if track.id is not None)


def person_scores(people: People) -> np.ndarray:
    """Box score times keypoint score: ``(P,)`` in 0..1.

    The keypoint score is the mean over the joints, each weighted by itself, so
    that legs outside the picture do not count against a clear upper body.
    """
    scores = people.keypoint_scores
    total = scores.sum(axis=1)
    mean = np.divide(np.square(scores).sum(axis=1), total, out=np.zeros_like(total), where=total > 0)
    return people.bbox_scores * mean


def _fading(unseen: float) -> float:
    return 0.5 ** (unseen / _HIDDEN_HALF_LIFE)


def _crowded(people: People) -> np.ndarray:
    """Who overlaps with somebody else so much that one may cover the other: ``(P,)`` bool."""
    shared = box_intersections(people.bboxes, people.bboxes)
    overlap = shared / np.maximum(areas(people.bboxes), 1)[:, None]
    np.fill_diagonal(overlap, 0)
    return overlap.max(axis=1, initial=0) > _CROWDED


def _joined(shown: People, hidden: Optional[People]) -> People:
    """Both, in the order of ids."""
    if hidden is None or not len(hidden):
        return shown
    columns = {f.name: (getattr(shown, f.name), getattr(hidden, f.name)) for f in fields(People)}
    # what later stages add is not there yet
    both = People(**{name: np.concatenate(pair) for name, pair in columns.items() if pair[0] is not None})
    return both[np.argsort(both.track_ids, kind='stable')]


def _carried_box(box: np.ndarray, pose: np.ndarray, known: np.ndarray, margin: float) -> np.ndarray:
    """Where a person's box has gone: around the joints if most are known, else at least around those.

    Corners have no joint that shows where they are: carried for long, they drift.

    Args:
        box: ``(4,)`` moved on from the last one that a detector gave.
        pose: ``(K, 2)`` expected joints, of which ``known`` ``(K,)`` are sure.
        margin: px around the joints.
    """
    points = pose[known]
    if not len(points):
        return box
    hull = np.concatenate([points.min(axis=0) - margin, points.max(axis=0) + margin])
    if 2 * len(points) > len(pose):
        return hull
    return np.concatenate([np.minimum(box[:2], hull[:2]), np.maximum(box[2:], hull[2:])])


def _with_ids(people: People, owners: List[Optional[Track]]) -> People:
    """The people whose track is shown, in the order of ids."""
    ids = np.array([-1 if owner is None or owner.id is None else owner.id for owner in owners], np.int64)
    order = np.argsort(ids, kind='stable')
    order = order[ids[order] > 0]
    shown = people[order]
    shown.track_ids = ids[order]
    return shown
