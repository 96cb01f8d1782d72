-- The load: requests from a pool, with fresh mids and times written into them in place.
-- Arguments: pool, index, first number, requests a second (0: as fast as answers come), requests in all (0: no end).
local ffi = require("ffi")
ffi.cdef [[
  typedef struct { long seconds; long micros; } bench_time;
  int gettimeofday(bench_time *now, void *zone);
]]

local FOREVER = 3600 * 1000
local clock = ffi.new("bench_time")
local templates = {}
local number, sent, rate, last, begun

issued, unsent = 0, 0

local function now_ms()
  ffi.C.gettimeofday(clock, nil)
  return tonumber(clock.seconds) * 1000 + math.floor(tonumber(clock.micros) / 1000)
end

local function write(buffer, place, width, value)
  for at = place + width - 1, place, -1 do
    local rest = math.floor(value / 10)
    buffer[at] = 48 + (value - rest * 10)
    value = rest
  end
end

local function read(pool, line)
  local length = tonumber(line:match("^%d+"))
  local text = pool:read(length)
  local template = { buffer = ffi.new("char[?]", length), length = length, times = {}, numbers = {} }
  ffi.copy(template.buffer, text, length)
  for kind, place in line:gmatch("(%a) (%d+)") do
    table.insert(kind == "t" and template.times or template.numbers, tonumber(place))
  end
  return template
end

local function paced()
  if begun == nil then begun = now_ms() end
  if last > 0 and sent >= last then return FOREVER end
  sent = sent + 1
  return math.max(0, begun + (sent - 1) * 1000 / rate - now_ms())
end

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(arguments)
  local pool = assert(io.open(arguments[1], "rb"))
  for line in io.lines(arguments[2]) do
    table.insert(templates, read(pool, line))
  end
  pool:close()
  number, rate, last, sent = tonumber(arguments[3]), tonumber(arguments[4]), tonumber(arguments[5]), 0
  issued = -1 -- wrk asks for one request that it never sends
  if rate > 0 then delay = paced end
end

function request()
  local template = templates[(issued + 1) % #templates + 1]
  local buffer, now = template.buffer, now_ms()
  for _, place in ipairs(template.times) do write(buffer, place, 13, now) end
  if issued >= 0 then
    for _, place in ipairs(template.numbers) do
      write(buffer, place, 16, number)
      number = number + 1
    end
  end
  issued = issued + 1
  return ffi.string(buffer, template.length)
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\nOUTCOME {"issued":%d,"acknowledged":%d,"seconds":%.6f,"refused":%d,"broken":%d,' ..
    '"p50":%.3f,"p90":%.3f,"p99":%.3f,"p999":%.3f,"longest":%.3f}\n',
    threads[1]:get("issued"), summary.requests - errors.status, summary.duration / 1e6, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50) / 1000, latency:percentile(90) / 1000, latency:percentile(99) / 1000,
    latency:percentile(99.9) / 1000, latency.max / 1000))
end
