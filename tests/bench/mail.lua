-- wrk: SendGrid mails, each to another customer; counts what is not accepted.
local number = 0
local thread_number = 0

function setup(thread)
   thread:set("base", thread_number * 100000000)
   thread_number = thread_number + 1
end

local filler = string.rep("It plays from a phone, a card or a stick, and it is as easy to use as before. ", 20)

function init(args)
   number = base + os.time() * 7919 % 10000000 * 10000
end

function request()
   number = number + 1
   local body = '{"personalizations":[{"to":[{"email":"customer' .. number .. '@mail' .. number % 97 .. '.example"}]}],'
      .. '"from":{"email":"news@shop.example","name":"Shop"},"subject":"New in the shop this month","content":[{"type":"text/plain",'
      .. '"value":"Dear customer,\\nThe bluetooth car player BT-200 is 399.00 CNY. ' .. filler
      .. '\\nUnsubscribe: https://shop.example/u/' .. number .. '"}]}'
   return wrk.format("POST", "/sendgrid/v3/mail/send", {
      ["Authorization"] = "Bearer SG.bench", ["Content-Type"] = "application/json", ["Host"] = "127.0.0.1"
   }, body)
end
