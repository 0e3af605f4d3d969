-- What wrk sends, and one line of JSON with what came of it: `wrk … -- BODIES [NAME=VALUE…]`.
-- BODIES is a file with one body a line; of several, each request takes one by chance. The rest are headers;
-- `{n}` in the value of one is the number of the request.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"

function init(args)
  for i = 2, #args do
    local name, value = args[i]:match("^([^=]+)=(.*)$")
    wrk.headers[name] = value
  end
  local requests = {}
  for body in io.lines(args[1]) do requests[#requests + 1] = wrk.format(nil, nil, nil, body) end
  if #requests > 1 then
    request = function() return requests[math.random(#requests)] end
  elseif requests[1]:find("{n}", 1, true) then
    local before, after = requests[1]:match("^(.-){n}(.*)$")
    local n = 0
    request = function()
      n = n + 1
      return before .. n .. after
    end
  else
    -- Without `request` wrk formats one request and sends it over and over.
    for body in io.lines(args[1]) do wrk.body = body end
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    'result {"requests": %d, "bytes": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "refused": %d, "broken": %d}\n',
    summary.requests, summary.bytes, summary.duration / 1e6, latency:percentile(50) / 1e3,
    latency:percentile(99) / 1e3, errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
