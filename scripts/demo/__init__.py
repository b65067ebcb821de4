"""`outrider demo`: the main job on this machine, with everybody else played by stand-ins."""
