"""Files that athletes give: taken in durably, worked through one by one."""
