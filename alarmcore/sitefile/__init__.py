"""The site file: a municipality as one file, read, checked, written and compared.

checked = read_site(path)         # every mistake and warning at once
site = require(checked)           # or SiteInvalid
text = dump_site(site)            # canonical YAML
difference(stored, site)          # what an import would change
"""

from alarmcore.sitefile.check import Checked, check_document, read_site, require
from alarmcore.sitefile.comparison import difference
from alarmcore.sitefile.export import dump_site

__all__ = ["Checked", "check_document", "difference", "dump_site", "read_site", "require"]
