"""Shoes and bikes: which activities had them, how far they went, when to replace them."""
