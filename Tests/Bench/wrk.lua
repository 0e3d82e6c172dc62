-- What wrk sends, by the first argument: nothing but the URL (`get`), `assets/get` of random assets (`assets`), files
-- to `assets/upload` (`upload`) or by PUT (`put`). The last line that it prints is JSON (wrk.py reads it).

local threads = 0

function setup(thread)
    thread:set("thread", threads)
    threads = threads + 1
end

-- A file of `size` bytes that there was not before: the server would otherwise find its bytes.
local function content(size, name)
    return name .. string.rep("x", size - #name)
end

local kinds = {}

function kinds.get()
    local same = wrk.format("GET")
    return function() return same end
end

function kinds.assets(file)
    local requests = {}
    for gid in io.lines(file) do
        requests[#requests + 1] = wrk.format("POST", nil, nil, '{"asset":"' .. gid .. '"}')
    end
    math.randomseed(thread + 1)
    return function() return requests[math.random(#requests)] end
end

function kinds.upload(round, size, boundary, parent)
    wrk.headers["Content-Type"] = "multipart/form-data; boundary=" .. boundary
    local part = "--" .. boundary .. '\r\nContent-Disposition: form-data; name='
    local head = part .. '"parent"\r\n\r\n' .. parent .. "\r\n" .. part .. '"upload_file"; filename="'
    local tail = "\r\n--" .. boundary .. "--\r\n"
    local number = 0
    return function()
        number = number + 1
        local name = round .. "-" .. thread .. "-" .. number .. ".bin"
        return wrk.format("POST", nil, nil, head .. name .. '"\r\n\r\n' .. content(size, name) .. tail)
    end
end

function kinds.put(round, size)
    local number = 0
    return function()
        number = number + 1
        local name = round .. "/" .. thread .. "-" .. number .. ".bin"
        return wrk.format("PUT", wrk.path .. name, nil, content(size, name))
    end
end

function init(arguments)
    request = kinds[arguments[1]](unpack(arguments, 2))
end

function done(summary, latency)
    local failed = summary.errors
    io.write(string.format(
        '{"requests":%d,"seconds":%f,"errors":%d,"p50":%d,"p99":%d}\n', summary.requests, summary.duration / 1e6,
        failed.connect + failed.read + failed.write + failed.status + failed.timeout, latency:percentile(50),
        latency:percentile(99)))
end
