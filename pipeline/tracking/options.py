"""Options of the tracker, and presets for kinds of scene."""

from dataclasses import dataclass, replace
from typing import Any, Dict, Optional

from pipeline.errors import InputError

#: Frames per second below which people move so far from one frame to the next that the last movement says
#: nothing of the next one.
SLOWEST_RATE = 5
_WAITED_FRAMES, _REMEMBERED_FRAMES = 4, 20


@dataclass(frozen=True)
class TrackerOptions:
    """Thresholds and times of :class:`pipeline.tracking.PoseTracker`.

    A person's *score* is the box score times the keypoint score, both in 0..1
    (:func:`pipeline.tracking.tracker.person_scores`): a ball may look like a
    person to a detector, but has no pose.

    Attributes:
        high_score: people at or above it are associated first and start tracks
            that are shown at once. Raising it: fewer ghosts, later starts.
        start_score: people from here up start a track that is shown once it was
            seen for ``confirm_time``. Raising it: weak people are never shown.
        low_score: people below it are dropped before anything else. Between it
            and ``high_score`` they continue tracks in the second pass.
        keep_score: a track whose mean score over the last second is lower is not
            continued by weak people. Raising it: ghosts end sooner, blurred people too.
        confirm_time: seconds for which a hesitant newcomer must be seen. Its
            frames up to then are not shown; its id is given when it is shown.
        max_lost: seconds for which an unseen track waits for its person. Raising
            it: longer occlusions are survived, more strangers take over an id.
        pose_weight: part of OKS in the similarity, the rest is box IoU (0..1).
        match_similarity: least similarity in the first pass. Raising it: more
            new ids after fast motion, fewer exchanges between neighbours.
        match_similarity_low: the same in the second pass.
        duplicate_similarity: two people of one frame whose poses agree this much
            are one person (OKS, 0..1).
        nested_overlap: a newcomer whose box lies in another's (or holds it) by
            this part of the smaller area, and whose pose agrees by half of
            ``duplicate_similarity``, is that person seen twice.
        velocity_memory: seconds after which the predicted motion has lost 63 %
            of its speed.
        agility: how much people accelerate, in body sizes per second squared.
            Raising it: predictions trust the last movement more and the search
            widens faster.
        looks_low, looks_high: likeness of clothes (0..1) up to which somebody is surely another
            one and from which on clothes say nothing against. Raising ``looks_low``: fewer
            ids passed on where people overlap, more lost when the light changes or the pose
            is wrong. Raising ``looks_high``: similar clothes count as a difference.
        hold_looks: least likeness at which a carried pose is still its person's. Raising it:
            fewer poses slide onto whoever stands in front, more are taken for hidden.
        hold_stretch: most change of limb lengths (median of ``|log ratio|``) of a carried
            pose from one frame to the next. Raising it: falls and somersaults are
            followed, and so is the pose of somebody else.
        hidden_time: seconds for which somebody who is hidden or missed is expected where the
            prediction says, and looked for there. Raising it: found again sooner behind
            an occluder, and more often taken for whoever stands there.
        return_time: seconds after which somebody who was lost is no longer recognised by
            clothes. Raising it: longer absences keep the id, more strangers in the same
            clothes take it over. 0: never by clothes.
        return_looks: least likeness to be recognised. Raising it: more new ids, fewer wrong.
        return_margin: by how much the best candidate must be better than the next.
            Raising it: people in similar clothes more often come back as somebody new.
        max_people: give out at most so many ids. Then a newcomer is shown only
            once somebody has been gone for ``max_lost``, and takes over that id.
            With 1, whoever does not look unlike the lost one takes it over at once, from far
            away after a short break. None: as many as come, and ids never return.
    """

    high_score: float = 0.25
    start_score: float = 0.2
    low_score: float = 0.05
    keep_score: float = 0.15
    confirm_time: float = 0.2
    max_lost: float = 1.5
    pose_weight: float = 0.6
    match_similarity: float = 0.2
    match_similarity_low: float = 0.35
    duplicate_similarity: float = 0.6
    nested_overlap: float = 0.85
    velocity_memory: float = 0.5
    agility: float = 6.0
    looks_low: float = 0.45
    looks_high: float = 0.7
    hold_looks: float = 0.6
    hold_stretch: float = 0.35
    hidden_time: float = 0.8
    return_time: float = 8.0
    return_looks: float = 0.75
    return_margin: float = 0.05
    max_people: Optional[int] = None

    def __post_init__(self):
        for name in (
            'high_score',
            'start_score',
            'low_score',
            'keep_score',
            'pose_weight',
            'match_similarity',
            'match_similarity_low',
            'duplicate_similarity',
            'nested_overlap',
            'looks_low',
            'looks_high',
            'hold_looks',
            'return_looks',
            'return_margin',
        ):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f'tracker option {name}={getattr(self, name)!r}: must be within 0..1')
        for name in ('confirm_time', 'max_lost', 'hidden_time', 'return_time'):
            if not 0 <= getattr(self, name) < float('inf'):
                raise InputError(f'tracker option {name}={getattr(self, name)!r}: must be seconds, 0 or more')
        for name in ('velocity_memory', 'agility', 'hold_stretch', 'max_people'):
            if getattr(self, name) is not None and not getattr(self, name) > 0:
                raise InputError(f'tracker option {name}={getattr(self, name)!r}: must be above 0')
        if not self.looks_low < self.looks_high:
            raise InputError(
                f'tracker options must keep looks_low < looks_high; got {self.looks_low}, {self.looks_high}'
            )
        if not self.low_score <= self.start_score <= self.high_score:
            raise InputError(
                'tracker options must keep low_score <= start_score <= high_score; got '
                f'{self.low_score}, {self.start_score}, {self.high_score}'
            )

    def at_rate(self, fps: float) -> 'TrackerOptions':
        """These options for so few frames per second that times of a second and two are less than some frames.

        Below :data:`SLOWEST_RATE` people are waited for, and recognised, for some frames at least.
        """
        if fps >= SLOWEST_RATE:
            return self
        return replace(
            self,
            max_lost=max(self.max_lost, _WAITED_FRAMES / fps),
            return_time=self.return_time and max(self.return_time, _REMEMBERED_FRAMES / fps),
        )

    @classmethod
    def preset(cls, scene: str = 'default', **changes: Any) -> 'TrackerOptions':
        """The options for a kind of scene, with single ones replaced.

        Args:
            scene: ``default``; ``crowd`` (people overlap, boxes of different
                people nest); ``sport`` (fast, erratic motion); ``single`` (one
                person, who has id 1 again after any absence).

        Raises:
            InputError: for an unknown scene or option.
        """
        if scene not in SCENES:
            raise InputError(f'unknown scene {scene!r} for the tracker; there are {", ".join(SCENES)}')
        values = {**SCENES[scene], **changes}
        unknown = sorted(set(values) - set(cls.__dataclass_fields__))
        if unknown:
            raise InputError(f'unknown tracker option {unknown[0]!r}; there are {", ".join(cls.__dataclass_fields__)}')
        return replace(cls(), **values)


SCENES: Dict[str, Dict[str, Any]] = {
    'default': {},
    'crowd': dict(nested_overlap=0.95, duplicate_similarity=0.65, max_lost=1.0),
    'sport': dict(match_similarity=0.15, agility=10.0, max_lost=2.0),
    'single': dict(max_people=1, match_similarity=0.05),
}
