"""`python -m trainer` is understudy-trainer."""

import sys

from trainer.cli import main

sys.exit(main())
