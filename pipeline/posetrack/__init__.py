"""PoseTrack's scores, equal to poseval's: average precision of poses, CLEAR-MOT of tracks."""

from pipeline.posetrack.folders import load_folder, load_sequence, pair_folders, pair_frames, save_sequence
from pipeline.posetrack.scoring import format_table, score_sequences
from pipeline.posetrack.sequence import JOINTS, JOINTS18, PoseFrame, PosePerson, PoseSequence

__all__ = [
    'JOINTS',
    'JOINTS18',
    'PoseFrame',
    'PosePerson',
    'PoseSequence',
    'format_table',
    'load_folder',
    'load_sequence',
    'pair_folders',
    'pair_frames',
    'save_sequence',
    'score_sequences',
]
