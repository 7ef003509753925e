// Does what a list of jobs on standard input asks for with the vendor's library, and prints the list of results.
//
// {op: "usersig", user, expire, userbuf?}          a UserSig; the userbuf is in base64
// {op: "roomKey", user, expire, room, privileges}  a PrivateMapKey; the room is a number or a text
// {op: "read", sig}                                the document inside a UserSig
//
// Every job also has app, key (the secret) and now: the library's clock stands at that second.
'use strict';
const fs = require('fs');
const zlib = require('zlib');
const { Api } = require('tls-sig-api-v2');

function run(job) {
    const api = new Api(job.app, job.key);
    Date.now = () => job.now * 1000;
    switch (job.op) {
        case 'usersig':
            return job.userbuf === undefined
                ? api.genUserSig(job.user, job.expire)
                : api.genSig(job.user, job.expire, Buffer.from(job.userbuf, 'base64'));
        case 'roomKey':
            return typeof job.room === 'number'
                ? api.genPrivateMapKey(job.user, job.expire, job.room, job.privileges)
                : api.genPrivateMapKeyWithStringRoomID(job.user, job.expire, job.room, job.privileges);
        case 'read': {
            const plain = job.sig.replace(/\*/g, '+').replace(/-/g, '/').replace(/_/g, '=');
            return zlib.inflateSync(Buffer.from(plain, 'base64')).toString('utf8');
        }
        default:
            throw new Error(`no such job: ${job.op}`);
    }
}

process.stdout.write(JSON.stringify(JSON.parse(fs.readFileSync(0, 'utf8')).map(run)));
