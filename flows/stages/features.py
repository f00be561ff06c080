"""The features of the mission, all of them: what the audit goes through."""

from flows.stages.feature import Feature
from flows.stages.features_engine import ENGINE_FEATURES
from flows.stages.features_platform import PLATFORM_FEATURES

FEATURES: tuple[Feature, ...] = (*ENGINE_FEATURES, *PLATFORM_FEATURES)
FEATURES_MIN = 26
"""The mission asks for at least so many; a list that lost some is not complete."""
