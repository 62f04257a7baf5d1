// For a test: a disk that takes half a minute to write a file that is not urgent, so that a stop lasts.
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { fsync } = fs;
fs.fsync = (fd, callback) => void setTimeout(() => fsync(fd, callback), 30_000);
syncBuiltinESMExports();
