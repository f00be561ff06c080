"""The scripts: what must happen as a whole, run inside the server.

Each begins with `#!lua`, so that a server whose memory is full refuses it before its first write and never in the
middle. Those marked `allow-oom` write so little, within a bound, that a full server must not stop them: a session that
lives has to look alive, and an operator has to be heard.

**The fence.** The newest epoch stands twice: in the epoch key and in the projection's field `fence`, each followed by a
SHA-1 seal of key and value. One whose seal is wrong is damage and fences nobody; the newer of the sound ones counts.
Epochs and sequences stay below 2⁵³, where Lua's numbers are exact. A key of a foreign type is damage too, and removed.
"""

POSITION_MAX = 2**53 - 1

_FENCE = """
local function seal(...) return redis.sha1hex(table.concat({...}, '|')) end
local function plain(number) return string.format('%.0f', number) end
local function must_be(key, kind)
  local found = redis.call('TYPE', key)['ok']
  if found == kind or found == 'none' then return false end
  redis.call('DEL', key)
  return true
end
local function epoch_in(key)
  if must_be(key, 'string') then return 0, 1 end
  local text = redis.call('GET', key)
  if not text then return 0, 0 end
  local epoch, mark = string.match(text, '^(%d+) (%x+)$')
  if not epoch or mark ~= seal(key, epoch) then return 0, 1 end
  return tonumber(epoch), 0
end
local function position_in(key)
  if must_be(key, 'hash') then return 0, 0, 1 end
  local text = redis.call('HGET', key, 'fence')
  if not text then return 0, 0, redis.call('EXISTS', key) end
  local epoch, sequence, mark = string.match(text, '^(%d+) (%d+) (%x+)$')
  if not epoch or mark ~= seal(key, epoch, sequence) then return 0, 0, 1 end
  return tonumber(epoch), tonumber(sequence), 0
end
local function keep_epoch(key, epoch) redis.call('SET', key, epoch .. ' ' .. seal(key, epoch)) end
"""

_STANDING = """
local claimed, epoch_torn = epoch_in(EPOCH)
local epoch, sequence, state_torn = position_in(STATE)
local newest = math.max(claimed, epoch)
local function answer(word) return {word, plain(newest), plain(epoch), plain(sequence), epoch_torn + state_torn} end
"""


def _script(body: str, keys: str, flags: str = "") -> str:
    names = "\n".join(f"local {name} = KEYS[{index}]" for index, name in enumerate(keys.split(), 1))
    return f"#!lua{' flags=' + flags if flags else ''}\n{names}\n{_FENCE}{_STANDING}{body}"


WRITE = _script(
    """
local mine, position = tonumber(ARGV[1]), tonumber(ARGV[2])
if newest > mine then return answer('fenced') end
if epoch == mine and sequence > position then return answer('older') end
redis.call('DEL', STATE)
redis.call('HSET', STATE, 'fence', ARGV[1] .. ' ' .. ARGV[2] .. ' ' .. seal(STATE, ARGV[1], ARGV[2]),
  unpack(ARGV, 3))
if claimed ~= mine then keep_epoch(EPOCH, ARGV[1]) end
return answer('written')
""",
    "STATE EPOCH",
)
"""Keys: state, epoch. Arguments: epoch, sequence, then fields and values. Gives [word, newest epoch, and the epoch and
sequence found, how many values were torn]; word is written, fenced or older."""

CLAIM = _script(
    """
local next = math.max(newest + 1, tonumber(ARGV[1]))
if next > tonumber(ARGV[2]) then return answer('exhausted') end
keep_epoch(EPOCH, plain(next))
newest = next
return answer('claimed')
""",
    "STATE EPOCH",
    "allow-oom",
)
"""Keys: state, epoch. Arguments: the least epoch to give, the greatest there is."""

BEAT = _script(
    """
if newest > tonumber(ARGV[1]) then return answer('fenced') end
if ARGV[2] == '' then redis.call('DEL', HEARTBEAT) else redis.call('SET', HEARTBEAT, ARGV[2], 'PX', ARGV[3]) end
return answer('beaten')
""",
    "STATE EPOCH HEARTBEAT",
    "allow-oom",
)
"""Keys: state, epoch, heartbeat. Arguments: epoch, value (empty: the session has ended), time to live in ms."""

SEND = """#!lua flags=allow-oom
local STREAM, IDS, ANSWERS = KEYS[1], KEYS[2], KEYS[3]
local id, digest, body = ARGV[1], ARGV[2], ARGV[3]
local known = redis.call('HGET', IDS, id)
if known then
  local place, sent = string.match(known, '^(%S+) (%S+)$')
  return {sent == digest and 'doubled' or 'reused', place}
end
local waiting = redis.call('HLEN', IDS) - redis.call('HLEN', ANSWERS)
if waiting >= tonumber(ARGV[4]) then return {'full', tostring(waiting)} end
local function make_room()
  for _, entry in ipairs(redis.call('XRANGE', STREAM, '-', '+', 'COUNT', tonumber(ARGV[4]) + 1)) do
    local name = entry[2][1] == 'id' and entry[2][2] or ''
    if redis.call('HEXISTS', IDS, name) == 0 or redis.call('HEXISTS', ANSWERS, name) == 1 then
      redis.call('XDEL', STREAM, entry[1])
      redis.call('HDEL', IDS, name)
      redis.call('HDEL', ANSWERS, name)
      return true
    end
  end
  return false
end
while redis.call('XLEN', STREAM) >= tonumber(ARGV[5]) do
  if not make_room() then return {'full', tostring(waiting)} end
end
local place = redis.call('XADD', STREAM, '*', 'id', id, 'digest', digest, 'body', body)
redis.call('HSET', IDS, id, place .. ' ' .. digest)
return {'stored', place}
"""
"""Keys: control, command ids, answers. Arguments: command id, digest, body, how many may wait for an answer, how many
are kept. What was answered makes room; what waits never does. Gives [word, place in the stream or how many wait]."""

ANSWER = _script(
    """
if newest > tonumber(ARGV[1]) then return answer('fenced') end
if redis.call('HEXISTS', ANSWERS, ARGV[2]) == 1 then return answer('doubled') end
local known = redis.call('HEXISTS', IDS, ARGV[2]) == 1
if known then redis.call('HSET', ANSWERS, ARGV[2], ARGV[3]) end
redis.call('XADD', CALLS, 'MAXLEN', '=', ARGV[4], '*', 'id', ARGV[2], 'body', ARGV[3])
return answer(known and 'stored' or 'unknown')
""",
    "STATE EPOCH IDS ANSWERS CALLS",
    "allow-oom",
)
"""Keys: state, epoch, command ids, answers, answer calls. Arguments: epoch, command id, body, length of the calls. The
first answer stands. A command the server has lost is answered to those who wait, and not kept."""
