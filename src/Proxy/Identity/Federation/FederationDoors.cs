using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Configuration;
using Sallyport.Proxy.Identity.Pages;
using Sallyport.Proxy.Logging;
using Sallyport.Proxy.Store;

namespace Sallyport.Proxy.Identity.Federation;

/// <summary>What logins through providers stand on.</summary>
internal sealed record FederationDoors
{
    public required BrokerConfig Config { get; init; }

    public required IStateStore Store { get; init; }

    public required ISealer Sealer { get; init; }

    /// <summary>What is under way.</summary>
    public OneTimeStore Kept => new(Store, Sealer, Time);

    public required LoginDesk Desk { get; init; }

    public required LoginSessions Sessions { get; init; }

    public required IAudit Audit { get; init; }

    public required TimeProvider Time { get; init; }

    public required Log Log { get; init; }

    /// <summary>Notes a login that did not come about, and makes the page that says so and no more.</summary>
    public Microsoft.AspNetCore.Http.IResult Failed(Microsoft.AspNetCore.Http.HttpContext http, string provider, string word)
    {
        Audit.Note(new AuditEvent(AuditTypes.LoginRefused, new AuditActor("", Config.Issuer, [], http.Connection.RemoteIpAddress))
        {
            Outcome = "refused",
            Reason = word,
            Details = new Dictionary<string, string> { ["provider"] = provider },
        });
        Log.Warning("federation-login-refused", new("provider", provider), new("reason", word));
        return PageResult.Error("The login did not succeed. Go back and try again; if it fails again, ask whoever runs this server: its log says why.");
    }
}
