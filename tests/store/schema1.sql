CREATE TABLE events (
	id SERIAL NOT NULL, 
	model VARCHAR(255) NOT NULL, 
	at BIGINT NOT NULL, 
	kind VARCHAR(16) NOT NULL, 
	text TEXT NOT NULL, 
	source VARCHAR(16) NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE files (
	model VARCHAR(255) NOT NULL, 
	role VARCHAR(8) NOT NULL, 
	key VARCHAR(1024) NOT NULL, 
	size BIGINT NOT NULL, 
	modified BIGINT NOT NULL, 
	rows BIGINT NOT NULL, 
	last BIGINT, 
	notes TEXT NOT NULL, 
	PRIMARY KEY (model, role, key)
);
CREATE TABLE findings (
	model VARCHAR(255) NOT NULL, 
	monitor VARCHAR(64) NOT NULL, 
	kind VARCHAR(64) NOT NULL, 
	metric VARCHAR(64) NOT NULL, 
	feature TEXT, 
	segment VARCHAR(512), 
	window_start BIGINT NOT NULL, 
	window_end BIGINT NOT NULL, 
	onset BIGINT NOT NULL, 
	value FLOAT(53), 
	expected FLOAT(53), 
	low FLOAT(53), 
	high FLOAT(53), 
	p_value FLOAT(53), 
	effect FLOAT(53), 
	n FLOAT(53), 
	severity VARCHAR(16) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	incident VARCHAR(64), 
	message TEXT NOT NULL
);
CREATE INDEX findings_by_model ON findings (model, window_start);
CREATE TABLE incidents (
	model VARCHAR(255) NOT NULL, 
	incident VARCHAR(64) NOT NULL, 
	onset BIGINT NOT NULL, 
	last_window BIGINT NOT NULL, 
	severity VARCHAR(16) NOT NULL, 
	state VARCHAR(16) NOT NULL, 
	findings INTEGER NOT NULL, 
	title TEXT NOT NULL, 
	PRIMARY KEY (model, incident)
);
CREATE TABLE measurements (
	model VARCHAR(255) NOT NULL, 
	monitor VARCHAR(64) NOT NULL, 
	metric VARCHAR(64) NOT NULL, 
	feature TEXT, 
	segment VARCHAR(512), 
	window_start BIGINT NOT NULL, 
	window_end BIGINT NOT NULL, 
	value FLOAT(53), 
	low FLOAT(53), 
	high FLOAT(53), 
	expected FLOAT(53), 
	n FLOAT(53), 
	p_value FLOAT(53), 
	band_low FLOAT(53), 
	band_high FLOAT(53), 
	detail TEXT, 
	reference BOOLEAN NOT NULL
);
CREATE INDEX measurements_by_window ON measurements (model, window_start);
CREATE TABLE meta (
	key VARCHAR(64) NOT NULL, 
	value TEXT, 
	PRIMARY KEY (key)
);
CREATE TABLE models (
	model VARCHAR(255) NOT NULL, 
	layout TEXT NOT NULL, 
	judged TEXT NOT NULL, 
	config_hash VARCHAR(64) NOT NULL, 
	grain_size VARCHAR(32) NOT NULL, 
	timezone VARCHAR(64) NOT NULL, 
	bins TEXT, 
	reference TEXT NOT NULL, 
	observed_until BIGINT, 
	version INTEGER NOT NULL, 
	PRIMARY KEY (model)
);
CREATE TABLE profiles (
	model VARCHAR(255) NOT NULL, 
	start BIGINT NOT NULL, 
	segment VARCHAR(512) NOT NULL, 
	rows BIGINT NOT NULL, 
	profile BYTEA NOT NULL, 
	PRIMARY KEY (model, start, segment)
);
CREATE TABLE touches (
	model VARCHAR(255) NOT NULL, 
	role VARCHAR(8) NOT NULL, 
	key VARCHAR(1024) NOT NULL, 
	start BIGINT NOT NULL, 
	rows BIGINT NOT NULL, 
	PRIMARY KEY (model, role, key, start)
);