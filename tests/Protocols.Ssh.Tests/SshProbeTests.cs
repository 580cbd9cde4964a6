using System.Text;
using Sallyport.Contract;
using Xunit;

namespace Sallyport.Protocols.Ssh.Tests;

/// <summary>What is explained is what a session would have judged.</summary>
public sealed class SshProbeTests
{
    [Fact]
    public void A_command_is_what_the_scanner_makes_of_it()
    {
        var probe = new SshProbe();
        Assert.Equal("Command Exec None: Exec id | FileWrite /log | Exec rm\0-rf\0/x", Text(probe.Exec("id; sudo -n rm -rf /x >/log"), keep: name => !name.StartsWith("Exec sudo", StringComparison.Ordinal)));
        Assert.Equal("FileAccess FileWrite None: FileWrite /srv/a", Text(probe.Exec("scp -t /srv/a")));
        Assert.Equal(ActionFlags.Unparsed, probe.Exec("$(cat /x)").Flags & ActionFlags.Unparsed);
    }

    [Fact]
    public void Paths_are_made_absolute_and_folded()
    {
        var probe = new SshProbe();
        Assert.Equal("FileAccess FileRead None: FileRead /etc/shadow", Text(probe.File(Verb.FileRead, "/srv/../etc//./shadow")));
        Assert.Equal("FileAccess FileWrite None: FileWrite ~/.ssh/authorized_keys", Text(probe.File(Verb.FileWrite, ".ssh/authorized_keys")));
    }

    [Fact]
    public void What_has_a_name_carries_it_and_what_has_none_does_not()
    {
        var probe = new SshProbe();
        Assert.Equal("Command Shell None: ", Text(probe.Command(Verb.Shell)));
        Assert.Equal("Command Env None: Env LANG", Text(probe.Command(Verb.Env, "LANG")));
    }

    [Theory]
    [InlineData("db:5432", true, true)]
    [InlineData("[::1]:22", true, true)]
    [InlineData("/run/app.sock", true, true)]
    [InlineData(":8080", false, true)]
    [InlineData("db:0", false, true)]
    [InlineData("db", false, false)]
    [InlineData("db:", false, false)]
    [InlineData("db:65536", false, false)]
    [InlineData("db:-1", false, false)]
    [InlineData("::1:22", false, false)]
    public void Destinations_are_told_from_what_is_none(string text, bool connect, bool listen) =>
        Assert.Equal((connect, listen), (SshProbe.IsDestination(Verb.ForwardLocal, text), SshProbe.IsDestination(Verb.ForwardRemote, text)));

    [Fact]
    public void A_destination_is_a_host_and_a_port_or_a_path()
    {
        var probe = new SshProbe();
        ActionView address = probe.Forward(Verb.ForwardLocal, "[fd00::1]:5432");
        Assert.Equal("fd00::1", Encoding.UTF8.GetString(address.Objects[0].Qualifier(address.Names)));
        Assert.Equal("5432", Encoding.UTF8.GetString(address.Objects[0].Name(address.Names)));
        Assert.Equal("PortForward ForwardRemote None: ForwardRemote /run/x", Text(probe.Forward(Verb.ForwardRemote, "/run/x")));
        Assert.Throws<FormatException>(() => Text(probe.Forward(Verb.ForwardLocal, "nowhere")));
    }

    private static string Text(in ActionView action, Func<string, bool>? keep = null)
    {
        List<string> effects = [];
        foreach (ref readonly ObjectRef effect in action.Objects)
            effects.Add($"{effect.Verb} {Encoding.UTF8.GetString(action.Names.Slice(effect.Start, effect.Length))}");
        return $"{action.Kind} {action.Verb} {action.Flags}: {string.Join(" | ", effects.Where(keep ?? (_ => true)))}";
    }
}
