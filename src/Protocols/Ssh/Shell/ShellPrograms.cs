using System.Collections.Frozen;

namespace Sallyport.Protocols.Ssh.Shell;

/// <summary>What a program does with its arguments, as far as it runs others.</summary>
internal enum ShellProgramKind : byte
{
    /// <summary>Nothing that is known here. Interpreters with code in their arguments (python -c, awk) are of these: rules see the arguments.</summary>
    Plain,

    /// <summary>What it runs cannot be seen in its arguments, or not surely.</summary>
    Unseen,

    /// <summary>Options, then a command.</summary>
    Wrapper,
    Shell,
    Eval,
    Su,
    Xargs,
    Find,
    Flock,
    Watch,
    Script,
    Trap,

    /// <summary>Sets variables by its arguments.</summary>
    Variables,

    /// <summary>A builtin that in some shells evaluates an index (<c>a[$(…)]</c>) in its arguments.</summary>
    Evaluates,
}

/// <summary>How a program is called that runs another. An option that is not here makes the action Unparsed: the command could begin anywhere.</summary>
internal sealed record ShellProgram(ShellProgramKind Kind)
{
    /// <summary>Letters of options without a value.</summary>
    public string Flags { get; init; } = "";

    /// <summary>Letters of options with one.</summary>
    public string Values { get; init; } = "";

    /// <summary>Long options without a value, without dashes.</summary>
    public string[] LongFlags { get; init; } = [];

    /// <summary>Long options with one, behind <c>=</c> or in the next word.</summary>
    public string[] LongValues { get; init; } = [];

    /// <summary>Words between the options and the command.</summary>
    public int Operands { get; init; }

    /// <summary><c>NAME=value</c> words may stand in front of the command.</summary>
    public bool Assigns { get; init; }

    /// <summary>Without a command it runs none.</summary>
    public bool MayBeAlone { get; init; }

    /// <summary>With this letter, or its long form, a shell reads the command once more (sudo -i); it leaves nothing but <c>$</c> to it.</summary>
    public bool LoginShell { get; init; }

    /// <summary>With one of these letters it runs nothing of its arguments.</summary>
    public string Idle { get; init; } = "";
}

/// <summary>The programs that run others, by the last part of their name.</summary>
internal static class ShellPrograms
{
    private const int LongestName = 24;

    private static readonly FrozenDictionary<string, ShellProgram> KnownPrograms = All().ToFrozenDictionary(StringComparer.Ordinal);
    private static readonly FrozenDictionary<string, ShellProgram>.AlternateLookup<ReadOnlySpan<char>> ProgramsByName = KnownPrograms.GetAlternateLookup<ReadOnlySpan<char>>();
    private static readonly ShellProgram PlainProgram = new(ShellProgramKind.Plain);

    public static ShellProgram Of(ReadOnlySpan<byte> program)
    {
        ReadOnlySpan<byte> name = program[(program.LastIndexOf((byte)'/') + 1)..];
        Span<char> text = stackalloc char[LongestName];
        if (name.Length > LongestName)
            return PlainProgram;
        for (int i = 0; i < name.Length; i++)
            text[i] = (char)name[i];
        return ProgramsByName.TryGetValue(text[..name.Length], out ShellProgram? found) ? found : PlainProgram;
    }

    private static Dictionary<string, ShellProgram> All()
    {
        Dictionary<string, ShellProgram> all = [];
        void Add(ShellProgram program, string names)
        {
            foreach (string name in names.Split(' '))
                all.Add(name, program);
        }

        Add(new ShellProgram(ShellProgramKind.Shell), "sh bash dash zsh ksh ksh93 mksh lksh pdksh ash rbash rksh rzsh posh yash");
        Add(new ShellProgram(ShellProgramKind.Eval), "eval");
        Add(new ShellProgram(ShellProgramKind.Trap), "trap");
        Add(new ShellProgram(ShellProgramKind.Variables), "export readonly declare typeset local unset integer float");
        Add(new ShellProgram(ShellProgramKind.Evaluates), "test [ printf read wait getopts print");

        // Words of some shells' grammar, or builtins that run or rename what is not seen here.
        Add(new ShellProgram(ShellProgramKind.Unseen), "if then else elif fi for while until do done case esac { } ! in function select coproc repeat foreach end always noglob nocorrect - [[ ]] (( let");
        Add(new ShellProgram(ShellProgramKind.Unseen), ". source alias unalias hash enable bind complete compgen mapfile readarray fc zmodload autoload emulate sched functions vared zle compdef");
        // Programs that run others, and are called in more ways than are known here.
        Add(new ShellProgram(ShellProgramKind.Unseen), "csh tcsh fish elvish nu pwsh xonsh rc es parallel sem strace ltrace gdb unshare nsenter systemd-run setpriv pkexec runuser taskset chrt fakeroot prlimit unbuffer");
        Add(new ShellProgram(ShellProgramKind.Unseen), "screen tmux at batch crontab expect socat entr start-stop-daemon valgrind firejail proot bwrap dbus-run-session dbus-launch xvfb-run cgexec numactl eatmydata torsocks");
        Add(new ShellProgram(ShellProgramKind.Unseen), "proxychains proxychains4 daemonize sg newgrp capsh run-parts rlwrap ssh-agent chpst softlimit setuidgid gosu su-exec tini dumb-init catatonit dtach abduco nq");
        Add(new ShellProgram(ShellProgramKind.Unseen), "setarch linux32 linux64 i386 x86_64 uname26 env_parallel sshpass faketime catchsegv perf ld.so ld-linux.so.2 ld-linux-x86-64.so.2 ld-linux-aarch64.so.1 sudoedit");

        ShellProgram Wrapper(string flags = "", string values = "") => new(ShellProgramKind.Wrapper) { Flags = flags, Values = values };
        Add(Wrapper(), "nohup builtin busybox toybox");
        Add(Wrapper("cl", "a") with { MayBeAlone = true }, "exec");
        Add(Wrapper("p") with { MayBeAlone = true, Idle = "vV" }, "command");
        Add(Wrapper("0123456789", "n") with { LongValues = ["adjustment"], MayBeAlone = true }, "nice");
        Add(Wrapper("t", "cn") with { LongFlags = ["ignore"], LongValues = ["class", "classdata"], Idle = "pPu", MayBeAlone = true }, "ionice");
        Add(Wrapper("pvq", "f") with { MayBeAlone = true }, "time");
        Add(Wrapper("vfp", "ks") with { LongFlags = ["foreground", "preserve-status", "verbose"], LongValues = ["kill-after", "signal"], Operands = 1 }, "timeout");
        Add(Wrapper("", "ioe") with { LongValues = ["input", "output", "error"] }, "stdbuf");
        Add(Wrapper("cfw") with { LongFlags = ["ctty", "fork", "wait"] }, "setsid");
        Add(
            Wrapper("i0v", "uC") with
            {
                LongFlags = ["ignore-environment", "null", "debug"],
                LongValues = ["unset", "chdir"],
                Assigns = true,
                MayBeAlone = true,
            },
            "env");
        Add(
            Wrapper("AbEHnPSBik", "CDghprtTuRU") with
            {
                LongFlags = ["askpass", "background", "preserve-env", "set-home", "non-interactive", "preserve-groups", "stdin", "bell", "login", "reset-timestamp"],
                LongValues = ["close-from", "chdir", "group", "host", "prompt", "chroot", "role", "type", "command-timeout", "user", "other-user"],
                Assigns = true,
                LoginShell = true,
                Idle = "lvKV",
            },
            "sudo");
        Add(Wrapper("n", "u") with { Idle = "L" }, "doas");
        Add(Wrapper() with { LongFlags = ["skip-chdir"], LongValues = ["userspec", "groups"], Operands = 1 }, "chroot");

        Add(new ShellProgram(ShellProgramKind.Su) { Flags = "lmpPf", Values = "gGw", LongFlags = ["login", "preserve-environment", "pty", "fast"], LongValues = ["group", "supp-group"] }, "su");
        Add(
            new ShellProgram(ShellProgramKind.Xargs)
            {
                Flags = "0rtxop",
                Values = "InPLsdEa",
                LongFlags = ["null", "no-run-if-empty", "verbose", "exit", "interactive", "open-tty"],
                LongValues = ["replace", "max-args", "max-procs", "max-lines", "max-chars", "delimiter", "arg-file"],
            },
            "xargs");
        Add(new ShellProgram(ShellProgramKind.Find), "find");
        Add(
            new ShellProgram(ShellProgramKind.Flock)
            {
                Flags = "sxenuoFv",
                Values = "wE",
                LongFlags = ["shared", "exclusive", "nonblock", "unlock", "close", "no-fork", "verbose"],
                LongValues = ["timeout", "wait", "conflict-exit-code"],
                Operands = 1,
            },
            "flock");
        Add(
            new ShellProgram(ShellProgramKind.Watch)
            {
                Flags = "dtbegcxpw",
                Values = "nq",
                LongFlags = ["differences", "no-title", "beep", "errexit", "chgexit", "color", "exec", "precise", "no-wrap"],
                LongValues = ["interval", "equexit"],
            },
            "watch");
        Add(
            new ShellProgram(ShellProgramKind.Script)
            {
                Flags = "aefq",
                LongFlags = ["append", "return", "flush", "force", "quiet"],
                Values = "",
                LongValues = [],
            },
            "script");
        return all;
    }
}
