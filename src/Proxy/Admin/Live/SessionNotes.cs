using System.Text.Json;
using Sallyport.Contract;
using Sallyport.Proxy.Audit;
using Sallyport.Proxy.Cluster;
using Sallyport.Proxy.Sessions;
using Sallyport.Proxy.Store.Entities;

namespace Sallyport.Proxy.Admin.Live;

/// <summary>Shows this node's sessions to all others, and to the audit, as they come and go.</summary>
internal static class SessionNotes
{
    /// <summary>From now on the registry has every session that is in.</summary>
    public static void Keep(LiveSessions sessions, SessionRegistry registry, IAudit audit, string node) => sessions.Noted = (session, entered) =>
    {
        if (entered)
            registry.Enter(Row(session.Facts, node));
        else
            registry.Leave(session.Id);
        audit.Note(new AuditEvent(entered ? AuditTypes.SessionStarted : AuditTypes.SessionEnded, AuditActor.Of(session.Facts.Identity, session.Facts.Source.Address))
        {
            Object = $"session:{session.Id}",
            SessionId = session.Id,
            Target = session.Facts.Target,
        });
    };

    private static SessionRow Row(SessionFacts facts, string node) => new()
    {
        Id = facts.SessionId,
        Node = node,
        Protocol = facts.Protocol,
        Subject = facts.Identity.Subject,
        Issuer = facts.Identity.Issuer,
        IdentityKind = Policy.Yaml.KebabNames.Name(facts.Identity.Kind),
        ActingFor = JsonSerializer.Serialize(facts.Identity.ActingFor.AsEnumerable()),
        Target = facts.Target,
        Resource = facts.Resource,
        Source = facts.Source.ToString(),
        ClientApplication = facts.ClientApplication,
        StartedAt = facts.StartedAt,
        State = SessionStates.Live,
    };
}
