"""What can be chosen in the tracker, and sets of choices for kinds of scene."""

from dataclasses import dataclass, replace
from typing import Any, Dict, Optional

from pipeline.errors import InputError


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
        max_people: give out at most so many ids. Then a newcomer is shown only
            once somebody has been gone for ``max_lost``, and takes over that id.
            None: as many as come, and ids never return.
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
        ):
            if not 0 <= getattr(self, name) <= 1:
                raise InputError(f'tracker option {name}={getattr(self, name)!r}: must be within 0..1')
        for name in ('confirm_time', 'max_lost'):
            if not 0 <= getattr(self, name) < float('inf'):
                raise InputError(f'tracker option {name}={getattr(self, name)!r}: must be seconds, 0 or more')
        for name in ('velocity_memory', 'agility', 'max_people'):
            if getattr(self, name) is not None and not getattr(self, name) > 0:
                raise InputError(f'tracker option {name}={getattr(self, name)!r}: must be above 0')
        if not self.low_score <= self.start_score <= self.high_score:
            raise InputError(
                'tracker options must keep low_score <= start_score <= high_score; got '
                f'{self.low_score}, {self.start_score}, {self.high_score}'
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
