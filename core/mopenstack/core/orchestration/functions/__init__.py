"""The intrinsic functions of templates."""
