using Sallyport.Contract;
using Sallyport.Protocols.Ssh;

namespace Sallyport.Proxy.Admin.Policies;

/// <summary>Judges what somebody would do by SSH.</summary>
internal static class SshDryRun
{
    /// <param name="intent">One that fits: <see cref="Intent.Unfit"/> is null.</param>
    public static IEnumerable<ExplainedAction> Explain(DryRun.Judge judge, SessionFacts facts, Intent intent)
    {
        var probe = new SshProbe();
        if (intent.Exec is { } command)
            yield return new ExplainedAction($"exec {command}", judge(facts, probe.Exec(command)));
        if (intent.Shell is true)
        {
            yield return new ExplainedAction("pty", judge(facts, probe.Command(Verb.Pty)));
            yield return new ExplainedAction("shell", judge(facts, probe.Command(Verb.Shell)));
        }

        if (intent.Subsystem is { } subsystem)
            yield return new ExplainedAction($"subsystem {subsystem}", judge(facts, probe.Command(Verb.Subsystem, subsystem)));
        if (intent.Env is { } variable)
            yield return new ExplainedAction($"env {variable}", judge(facts, probe.Command(Verb.Env, variable)));
        if (intent.FileRead is { } read)
            yield return new ExplainedAction($"file-read {read}", judge(facts, probe.File(Verb.FileRead, read)));
        if (intent.FileWrite is { } written)
            yield return new ExplainedAction($"file-write {written}", judge(facts, probe.File(Verb.FileWrite, written)));
        if (intent.Forward is { } to)
            yield return new ExplainedAction($"forward-local {to}", judge(facts, probe.Forward(Verb.ForwardLocal, to)));
        if (intent.RemoteForward is { } from)
            yield return new ExplainedAction($"forward-remote {from}", judge(facts, probe.Forward(Verb.ForwardRemote, from)));
    }
}
