"""Settings of every test: hypothesis without a deadline, because a first call may compile for seconds."""

from hypothesis import settings

settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")
