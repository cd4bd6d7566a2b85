"""Running the notebooks without a person: the only home of papermill, nbformat and nbconvert."""
