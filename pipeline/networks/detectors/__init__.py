"""Person detectors, registered in MMDetection: MoveNet MultiPose."""
