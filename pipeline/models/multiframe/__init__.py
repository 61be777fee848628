"""What estimators of several frames share: the frames on the way in, the backbone on each of them."""
import pipeline.compat  # noqa: F401  (before anything of MMPose)
from pipeline.models.multiframe.estimator import MultiFrameEstimator
from pipeline.models.multiframe.preprocessor import FramesDataPreprocessor

__all__ = ['FramesDataPreprocessor', 'MultiFrameEstimator']
