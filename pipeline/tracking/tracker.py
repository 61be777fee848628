"""Tracks people by pose, box and motion together.

The frame of mind is ByteTrack's (Zhang et al., ECCV 2022): people are associated
in two passes, confident ones first, and the weak ones only continue tracks. What
differs: similarity is OKS of the poses and IoU of the boxes together, motion is
predicted per joint, and all times are seconds.
"""

from typing import List, Optional, Tuple

import numpy as np
from numpy.typing import ArrayLike

from pipeline.tracking.association import assign, similarity_matrix
from pipeline.tracking.duplicates import nested_matrix, pose_agreement, suppress
from pipeline.tracking.options import TrackerOptions
from pipeline.tracking.track import Track
from pipeline.types import Detections, People

# Detections can carry COCO's keypoints and no others
_COCO_KEYPOINTS = 17
# room that a carried box leaves around the predicted joints, in body sizes
_CARRIED_MARGIN = 0.08
# joints below this score do not stretch a carried box
_CARRIED_SCORE = 0.3


class PoseTracker:
    """Gives every person an id that stays, frame by frame, as a stream.

    Newcomers with a score of ``high_score`` have an id and are shown in their
    very first frame. Hesitant ones (from ``start_score``) are followed silently
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

    def reset(self) -> None:
        """Forget everyone; ids start at 1 again."""
        self._tracks: List[Track] = []
        self._ids_given = 0
        self._vacant_ids: List[int] = []
        self._time = -np.inf
        self._image_size = (0, 0)

    def update(self, people: People, time: float, image_size: Tuple[int, int]) -> People:
        """The people of the next frame, with ids.

        Doubled and nested boxes of one person are merged into the best of them;
        ghosts are dropped, and so are hesitant newcomers for a while (see the
        class). Those who stay come in the order of their ids.

        Args:
            people: of this frame, in any order. Those marked ``carried`` had their boxes
                from :meth:`predict`: they start no track, and their boxes follow the joints.
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

        # Step 2: continue tracks, start new ones, forget hesitant ones that were not seen
        for index, track in enumerate(owners):
            if track is not None:
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
        self._show_confirmed()
        self._tracks = [track for track in self._tracks if track.id is not None or track.seen == self._time]
        return _with_ids(people, owners)

    def predict(self, time: float) -> Detections:
        """Where the people of the last update are at ``time``, for frames without detector.

        Boxes hold the surely known joints and stay inside the frame. Keypoints are given
        for COCO's 17 joints only, because :class:`Detections` knows no others.
        """
        tracks = [track for track in self._tracks if track.seen == self._time]
        if not tracks:
            return Detections.empty()
        poses, boxes = [], []
        for track in tracks:
            pose, _, box = track.predict(time)
            poses.append(pose)
            boxes.append(_carried_box(box, pose, track.weights >= _CARRIED_SCORE, _CARRIED_MARGIN * track.size))
        width, height = self._image_size
        clipped = np.clip(boxes, 0, [width, height, width, height]).astype(np.float32)
        inside = (clipped[:, 2] > clipped[:, 0]) & (clipped[:, 3] > clipped[:, 1])
        scores = np.array([track.box_score for track in tracks], np.float32)
        weights = np.stack([track.weights for track in tracks]).astype(np.float32)
        seeds = len(self._sigmas) == _COCO_KEYPOINTS
        return Detections(
            clipped, scores, np.stack(poses).astype(np.float32) if seeds else None, weights if seeds else None
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
        similarity = similarity_matrix(free, people[rows], self._time, self._sigmas, self.options.pose_weight)
        unseen = np.array([self._time - track.seen for track in free])
        for track, row in assign(similarity, least, unseen):
            owners[rows[row]] = free[track]

    def _start_tracks(self, people: People, scores: np.ndarray, owners: List[Optional[Track]]) -> None:
        """New tracks for people who are nobody's double, entered into ``owners``."""
        owned = np.array([owner is not None for owner in owners], bool)
        options = self.options
        same = nested_matrix(people, options.nested_overlap) & (
            pose_agreement(people, self._sigmas) >= options.duplicate_similarity / 2
        )
        keep = suppress(same, np.argsort(~owned, kind='stable'))
        for index in np.flatnonzero(keep & ~owned & ~people.carried & (scores >= options.start_score)):
            track = Track(
                people.bboxes[index],
                people.bbox_scores[index],
                people.keypoints[index],
                people.keypoint_scores[index],
                scores[index],
                self._time,
                self._sigmas,
                options,
            )
            if scores[index] >= options.high_score:
                self._show(track)
            self._tracks.append(track)
            owners[index] = track

    def _show_confirmed(self) -> None:
        for track in self._tracks:
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
        if self.options.max_people is not None:
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
