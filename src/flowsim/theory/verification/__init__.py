"""Every queue whose answer is known, theory beside simulation, and recursions that agree to the tick."""
