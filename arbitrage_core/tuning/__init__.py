"""The tuner: many parameter sets over the same rows, studies of them in Postgres, presets from what won."""
