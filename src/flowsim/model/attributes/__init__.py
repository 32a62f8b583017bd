"""What citizens differ in: the groups that attributes make, and a pathway with states of its own for each."""
