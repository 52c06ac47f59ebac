-- 0001_tutorial.sql - the tutorial's three tables, as its Sequelize models make them.
CREATE TABLE IF NOT EXISTS users (
-- only sqlite:    id INTEGER PRIMARY KEY AUTOINCREMENT,
-- only mysql:     id INTEGER NOT NULL AUTO_INCREMENT PRIMARY KEY,
-- only pgsql:     id SERIAL PRIMARY KEY,
    username VARCHAR(255),
    email VARCHAR(255),
    password VARCHAR(255),
    "createdAt" {datetime} NOT NULL,
    "updatedAt" {datetime} NOT NULL
){table};

CREATE TABLE IF NOT EXISTS roles (
    id INTEGER PRIMARY KEY,
    name VARCHAR(255),
    "createdAt" {datetime} NOT NULL,
    "updatedAt" {datetime} NOT NULL
){table};

CREATE TABLE IF NOT EXISTS user_roles (
    "createdAt" {datetime} NOT NULL,
    "updatedAt" {datetime} NOT NULL,
    "roleId" INTEGER,
    "userId" INTEGER,
    PRIMARY KEY ("roleId", "userId"),
    FOREIGN KEY ("roleId") REFERENCES roles (id) ON DELETE CASCADE ON UPDATE CASCADE,
    FOREIGN KEY ("userId") REFERENCES users (id) ON DELETE CASCADE ON UPDATE CASCADE
){table};
