"""The posterior by an emulated likelihood: the emulator, the sampler, the rank tests."""
