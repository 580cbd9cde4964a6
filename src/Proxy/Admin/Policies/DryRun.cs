using System.Text;
using Sallyport.Contract;
using Sallyport.Policy.Explaining;
using Sallyport.Protocols.Http2;
using Sallyport.Protocols.Postgres.Sql;

namespace Sallyport.Proxy.Admin.Policies;

/// <param name="Action">The statement, what an SSH client would ask for, or <c>login</c>.</param>
internal sealed record ExplainedAction(string Action, PolicyExplanation Explanation);

/// <summary>Judges what somebody would do, without anybody doing it.</summary>
internal static class DryRun
{
    /// <summary>What judges: the policy in force, or a draft.</summary>
    internal delegate PolicyExplanation Judge(SessionFacts facts, in ActionView action);

    /// <summary>One explanation of the login, and, when that is let in, one for each statement of the text, each thing an SSH client would ask for, and the request of an HTTP client.</summary>
    /// <param name="intent">One that fits the target: <see cref="Intent.Unfit"/> is null.</param>
    /// <param name="judge">What judges.</param>
    /// <param name="facts">Who and where.</param>
    /// <param name="isKubernetes">The target is an API server.</param>
    public static List<ExplainedAction> Explain(Judge judge, SessionFacts facts, Intent intent, bool isKubernetes)
    {
        PolicyExplanation login = judge(facts, new ActionView { Kind = ActionKind.Login, Verb = Verb.Login });
        var first = new ExplainedAction("login", login);
        if (login.Verdict != VerdictKind.Allow)
            return [first];
        return [first, .. intent switch
        {
            { Sql: { } sql } => Statements(judge, facts, sql),
            { Request: { } request } => [new ExplainedAction(request, judge(facts, new HttpProbe().Request(request, isKubernetes)))],
            _ => SshDryRun.Explain(judge, facts, intent),
        }];
    }

    private static List<ExplainedAction> Statements(Judge judge, SessionFacts facts, string sql)
    {
        List<ExplainedAction> explained = [];

        // The settings a session begins with, unless a target was configured otherwise.
        byte[] text = Encoding.UTF8.GetBytes(sql);
        var scanner = new SqlScanner();
        scanner.Scan(text, new SqlSettings(TriState.On, AsciiSafeEncoding: true));
        for (int i = 0; i < scanner.Count; i++)
        {
            SqlStatement statement = scanner[i];
            ReadOnlySpan<byte> own = text.AsSpan(statement.Start, statement.Length);
            explained.Add(new ExplainedAction(Encoding.UTF8.GetString(own), judge(facts, new ActionView
            {
                Kind = ActionKind.Statement,
                Verb = statement.Verb,
                Flags = statement.Flags,
                Text = own,
                Names = scanner.Names,
                Objects = scanner.Objects(i),
            })));
        }

        return explained;
    }
}
