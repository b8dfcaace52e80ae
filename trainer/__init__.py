"""Understudy's trainer: learns a sensor's recording and exports it to a bundle."""
