"""What documents and planners' own files say, each figure with its source. Nothing here is simulated or fitted."""
