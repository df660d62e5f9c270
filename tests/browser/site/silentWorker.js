/** A worker whose file forgets to import what serves clients. */
