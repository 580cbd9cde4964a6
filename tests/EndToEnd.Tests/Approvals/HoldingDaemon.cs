using System.Text.RegularExpressions;
using Sallyport.EndToEnd.Tests.Support;

namespace Sallyport.EndToEnd.Tests.Approvals;

/// <summary>A daemon that lets engineers read and insert, and holds deletes until two persons have said yes.</summary>
public sealed partial class HoldingDaemon : DaemonFixture
{
    public const string Policy = """
        policy: shop
        match:
          groups: engineering
        rules:
          - id: use
            effect: allow
            verbs: [read, insert, transaction, session, create, drop]
          - id: delete
            effect: hold
            verbs: [delete]
            hint: Deletes need two persons.
            approval:
              quorum: 2
              groups: [approvers]
              timeout: 5m
          - id: update
            effect: hold
            verbs: [update]
            approval:
              groups: [dba]
              timeout: 10s
        """;

    public HoldingDaemon(PostgresServer postgres)
        : base(postgres, DaemonSetup.With(Policy) with { Control = true })
    {
    }

    /// <summary>The id in a psql's notice that a statement waits.</summary>
    public static async Task<string> WaitingAsync(PsqlSession psql, int count = 1)
    {
        await psql.Process.WaitForOutputAsync("waiting for approval");
        while (Waiting().Count(psql.Process.Error) < count)
            await Task.Delay(20);
        return Waiting().Matches(psql.Process.Error)[count - 1].Groups[1].Value;
    }

    [GeneratedRegex(@"waiting for approval ([0-9a-f-]{36})")]
    private static partial Regex Waiting();
}
