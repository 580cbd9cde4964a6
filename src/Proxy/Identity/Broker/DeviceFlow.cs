using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore;
using Microsoft.AspNetCore.Http;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace Sallyport.Proxy.Identity.Broker;

/// <summary>
/// What RFC 8628 wants of the device flow beside what OpenIddict does: how often a client may ask, how many codes may be open, and who
/// asked from where, which is sealed into the code so that the person who confirms is shown what is confirmed.
/// </summary>
internal sealed class DeviceFlow(TimeProvider time)
{
    /// <summary>Claims of a code, for the page that confirms it.</summary>
    public const string Source = "sallyport_source";
    public const string Target = "sallyport_target";

    /// <summary>RFC 8628 3.2: seconds between two questions.</summary>
    public const int Interval = 5;

    /// <summary>How long a code is good.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private const int LongestTarget = 128;
    private const int MostPolls = 10_000;

    private readonly AttemptLimiter _opened = new(time, Lifetime, perKey: 20, inAll: 2000);
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (DateTimeOffset At, int Seconds)> _polls = new(StringComparer.Ordinal);

    /// <summary>RFC 8628 3.3: before a code is made.</summary>
    public void Open(HandleDeviceAuthorizationRequestContext context)
    {
        HttpRequest? http = context.Transaction.GetHttpRequest();
        if (!_opened.TryTake(AttemptLimiter.SourceOf(http?.HttpContext.Connection.RemoteIpAddress)))
        {
            context.Reject(Errors.SlowDown, "Too many codes are open. Try again in a few minutes.");
            return;
        }

        // Nobody is authenticated yet.
        var identity = new ClaimsIdentity();
        identity.SetClaim(Source, http?.HttpContext.Connection.RemoteIpAddress?.ToString());
        string target = (string?)context.Request["target"] ?? "";
        if (target.Length is > 0 and <= LongestTarget && !target.Any(char.IsControl))
            identity.SetClaim(Target, target);
        identity.SetScopes(context.Request.GetScopes());
        context.Principal = new ClaimsPrincipal(identity);
        context.Parameters["interval"] = Interval;
    }

    /// <summary>RFC 8628 3.5: a client that asks too often is told so, and must then wait five seconds longer each time.</summary>
    public void Poll(ValidateTokenRequestContext context)
    {
        if (!context.Request.IsDeviceCodeGrantType() || context.Request.DeviceCode is not { Length: > 0 } code)
            return;
        string key = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(code)));
        DateTimeOffset now = time.GetUtcNow();
        lock (_lock)
        {
            bool known = _polls.TryGetValue(key, out (DateTimeOffset At, int Seconds) last);
            bool early = known && now - last.At < TimeSpan.FromSeconds(last.Seconds);
            if (!known && _polls.Count >= MostPolls)
                Forget(now);
            _polls[key] = (now, (known ? last.Seconds : Interval) + (early ? Interval : 0));
            if (early)
                context.Reject(Errors.SlowDown, "Ask less often.");
        }
    }

    private void Forget(DateTimeOffset now)
    {
        foreach (string old in _polls.Where(pair => now - pair.Value.At > Lifetime).Select(pair => pair.Key).ToList())
            _polls.Remove(old);

        // Made-up codes fill it: then nobody is slowed down for a moment, which harms less than no limit on memory.
        if (_polls.Count >= MostPolls)
            _polls.Clear();
    }
}
