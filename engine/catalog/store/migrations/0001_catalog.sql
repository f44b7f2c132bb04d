-- The catalog: products, their bands, images, and the files behind each band of each image.
-- Times are µs since 1970-01-01 UTC. Longitudes and latitudes are degrees, EPSG:4326.

CREATE TABLE catalog (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    id       TEXT    NOT NULL CHECK (length(id) = 16),     -- tells two catalogs apart
    revision INTEGER NOT NULL CHECK (revision >= 0)        -- + 1 with every transaction that changes something
) STRICT;

CREATE TABLE products (
    key        INTEGER PRIMARY KEY AUTOINCREMENT,
    name       TEXT    NOT NULL UNIQUE CHECK (length(name) BETWEEN 1 AND 128),
    title      TEXT    NOT NULL,
    created_us INTEGER NOT NULL,
    revision   INTEGER NOT NULL                            -- catalog.revision of its last change
) STRICT;

CREATE TABLE bands (
    key         INTEGER PRIMARY KEY AUTOINCREMENT,
    product     INTEGER NOT NULL REFERENCES products (key) ON DELETE CASCADE,
    position    INTEGER NOT NULL CHECK (position >= 0),
    name        TEXT    NOT NULL CHECK (length(name) BETWEEN 1 AND 128),
    source      TEXT    NOT NULL,                          -- what files and items call it
    dtype       TEXT    NOT NULL,
    dtype_read  TEXT    NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('physical', 'class', 'flag')),
    scale       REAL    NOT NULL CHECK (scale <> 0),
    "offset"    REAL    NOT NULL,
    nodata      REAL,
    data_min    REAL,
    data_max    REAL,
    description TEXT    NOT NULL,
    overrides   TEXT    NOT NULL CHECK (json_valid(overrides)),  -- what --band said; beats every file
    CHECK ((data_min IS NULL) = (data_max IS NULL)),
    UNIQUE (product, name),
    UNIQUE (product, source)
) STRICT;

CREATE TABLE grids (
    key  INTEGER PRIMARY KEY AUTOINCREMENT,
    crs  TEXT    NOT NULL CHECK (crs <> ''),
    a REAL NOT NULL, b REAL NOT NULL, c REAL NOT NULL,
    d REAL NOT NULL, e REAL NOT NULL, f REAL NOT NULL,
    rows INTEGER NOT NULL CHECK (rows >= 1),
    cols INTEGER NOT NULL CHECK (cols >= 1),
    UNIQUE (crs, a, b, c, d, e, f, rows, cols)
) STRICT;

-- AUTOINCREMENT: a reader that still holds an older revision must never meet a key used again.
CREATE TABLE images (
    key        INTEGER PRIMARY KEY AUTOINCREMENT,
    product    INTEGER NOT NULL REFERENCES products (key) ON DELETE CASCADE,
    id         TEXT    NOT NULL CHECK (length(id) BETWEEN 1 AND 256),
    date_us    INTEGER NOT NULL CHECK (date_us BETWEEN -62135596800000000 AND 253402300799999999),
    west       REAL    NOT NULL CHECK (west  BETWEEN -180 AND 180),
    south      REAL    NOT NULL CHECK (south BETWEEN  -90 AND  90),
    east       REAL    NOT NULL CHECK (east  BETWEEN -180 AND 180),   -- < west: across the antimeridian
    north      REAL    NOT NULL CHECK (north BETWEEN south AND 90),
    footprint  BLOB    NOT NULL,                           -- WKB (multi)polygon
    grid       INTEGER NOT NULL REFERENCES grids (key),    -- that of its first band
    properties TEXT    NOT NULL CHECK (json_valid(properties)),
    digest     TEXT    NOT NULL,                           -- of what was said about it when it was added
    UNIQUE (product, id)
) STRICT;

CREATE INDEX images_in_order ON images (product, date_us, id);
CREATE INDEX images_by_id ON images (id);
CREATE INDEX images_by_grid ON images (grid);

CREATE TABLE assets (
    band       INTEGER NOT NULL REFERENCES bands (key) ON DELETE CASCADE,
    image      INTEGER NOT NULL REFERENCES images (key) ON DELETE CASCADE,
    href       TEXT    NOT NULL CHECK (href <> ''),
    file_band  INTEGER NOT NULL CHECK (file_band >= 1),
    dtype      TEXT    NOT NULL,
    grid       INTEGER NOT NULL REFERENCES grids (key),
    nodata     REAL,
    scale      REAL    NOT NULL CHECK (scale <> 0),
    "offset"   REAL    NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('physical', 'class', 'flag')),
    mask       TEXT    NOT NULL CHECK (mask IN ('none', 'nodata', 'alpha', 'internal')),
    block_rows INTEGER NOT NULL CHECK (block_rows >= 1),
    block_cols INTEGER NOT NULL CHECK (block_cols >= 1),
    overviews  TEXT    NOT NULL,                           -- decimation factors, '2 4 8'
    overviews_averaged INTEGER NOT NULL CHECK (overviews_averaged IN (0, 1)),
    size       INTEGER,                                    -- the three of an Identity; NULL: not known
    mtime_ns   INTEGER,
    tag        TEXT,
    digest     TEXT    NOT NULL,                           -- of the file and what was said about it
    CHECK ((size IS NULL) = (mtime_ns IS NULL) AND (size IS NULL) = (tag IS NULL)),
    PRIMARY KEY (band, image)                              -- a band of all images is read in one scan
) STRICT, WITHOUT ROWID;

CREATE INDEX assets_by_image ON assets (image);
CREATE INDEX assets_by_grid ON assets (grid);
