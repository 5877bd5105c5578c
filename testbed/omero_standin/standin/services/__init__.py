"""OMERO's services. An operation is a method (self, *arguments, current); what a service lacks raises and is logged."""
