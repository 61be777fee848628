"""Top-down pose estimators, registered in MMPose: BlazePose, DCPose, DSTA."""
